"""A long list is cleaned by another process, to the same letter, and without one it is, too."""

from concurrent.futures import ProcessPoolExecutor

import pytest

from gateway.catalogue import cleaner
from gateway.catalogue.cleaner import Cleaner
from gateway.catalogue.contents import Content, clean_here
from gateway.catalogue.records import to_payload
from tests.catalogue import an_offering

pytestmark = pytest.mark.anyio

HTML = "<p onclick='x()'>Kopi<script>alert(1)</script></p>"
PAYLOADS = [to_payload(an_offering(str(n), description_html=HTML)) for n in range(3)]


@pytest.mark.parametrize("short", [0, 1_000], ids=["elsewhere", "here"])
async def test_a_list_is_cleaned_alike_wherever_it_is_cleaned(short):
    async with Cleaner(short) as cleaning:
        assert await cleaning.begin(PAYLOADS) == clean_here(PAYLOADS)


async def test_a_row_that_cannot_be_cleaned_costs_no_other():
    async with Cleaner(0) as cleaning:
        bad, good = await cleaning.begin(['{"v": 1}', PAYLOADS[0]])

    assert "missing required field" in bad
    assert isinstance(good, Content)


async def test_a_cleaning_process_that_dies_is_done_without():
    async with Cleaner(0) as cleaning:
        await cleaning.begin(PAYLOADS)
        for process in cleaning._pool._processes.values():
            process.kill()

        assert await cleaning.begin(PAYLOADS) == clean_here(PAYLOADS)
        assert await cleaning.begin(PAYLOADS) == clean_here(PAYLOADS)


async def test_where_no_process_can_be_started_a_list_is_cleaned_here(monkeypatch):
    def refuse(*_args):
        raise AssertionError("daemonic processes are not allowed to have children")

    monkeypatch.setattr(cleaner, "ProcessPoolExecutor", refuse)

    async with Cleaner(0) as cleaning:
        assert await cleaning.begin(PAYLOADS) == clean_here(PAYLOADS)


async def test_leaving_ends_the_process_and_gives_up_what_is_under_way():
    async with Cleaner(0) as cleaning:
        await cleaning.begin(PAYLOADS)
        pool = cleaning._pool
        under_way = cleaning.begin(PAYLOADS * 1_000)

    assert under_way.cancelled()
    assert isinstance(pool, ProcessPoolExecutor)
    with pytest.raises(RuntimeError, match="shutdown"):
        pool.submit(clean_here, PAYLOADS)
