"""Which courses are one does not depend on who is read first."""

from itertools import permutations

import pytest

from gateway.storage import catalogue_tables as tables
from tests.catalogue import PINTARIA, an_offering
from tests.databases import SqliteTemplates
from tests.integration.catalogue.conftest import Workbench
from tests.integration.catalogue.recognising import (
    BUKALAPAK,
    KOPI,
    SPELLED,
    forget,
    lists_all,
    on_sqlite,
    partition,
    shelves,
)

pytestmark = pytest.mark.anyio


async def test_the_order_of_partners_does_not_change_which_courses_are_one(
    sqlite_templates: SqliteTemplates,
):
    found = []
    between = {*range(180, 260), *range(920, 980)}  # with names that stand between two others
    listed = shelves(2020, between, "tokopedia", "bina_bumn", "sekolahmu")
    for order in (listed, listed[::-1]):
        bench = Workbench(sqlite_templates.open("catalogue"))
        await lists_all(bench, order)
        found.append(await partition(bench))
        bench.database.close()

    assert found[0] == found[1]
    assert any(len(each) > 2 for each in found[0])


async def test_who_comes_between_two_spellings_brings_their_courses_together(bench: Workbench):
    first = an_offering("1", "Belajar Hidroponk Rumahan", KOPI)
    second = an_offering("A", "Belajar Hidroponik Rumahann", SPELLED, partner=PINTARIA)
    between = an_offering("x", "Belajar Hidroponik Rumahan", KOPI, partner=BUKALAPAK)
    await bench.lists(first)
    await bench.lists(second)
    apart = [await bench.course_of(each) for each in (first, second)]

    await bench.lists(between)

    assert len(set(apart)) == 2
    assert await partition(bench) == {frozenset({first.id, second.id, between.id})}
    assert [await bench.course_of(each) for each in (first, second)] == [apart[0]] * 2
    assert await bench.store.read_revision() == 3
    log = [row for row in await bench.rows(tables.change_log) if row["revision"] == 3]
    assert {row["course_id"]: row["kind"] for row in log} == {
        apart[0]: "CHANGED", apart[1]: "WITHDRAWN"
    }  # fmt: skip
    [redirect] = await bench.rows(tables.redirect)
    assert (redirect["old_id"], redirect["new_id"]) == (apart[1], apart[0])


@on_sqlite
async def test_whoever_lists_two_titles_sells_two_courses(bench: Workbench):
    theirs = an_offering("A", "Kelas Baristaa Dasar", KOPI, partner=PINTARIA)
    titles = ("Kelas Barista Dasar", "Kelas Baristaa Dasar")
    ours = [an_offering(title, title, KOPI) for title in titles]

    for order in permutations([[theirs], ours]):
        for shelf in order:
            await bench.lists(*shelf)
        assert await bench.course_of(ours[0]) != await bench.course_of(ours[1])
        assert await bench.course_of(ours[1]) == await bench.course_of(theirs)
        await forget(bench)
