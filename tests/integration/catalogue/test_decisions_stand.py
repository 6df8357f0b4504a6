"""Whatever the rules are by now, what operators have decided stands."""

import pytest
from sqlalchemy import insert

from gateway.catalogue.links import LinkDesk
from gateway.catalogue.recognition import Recognition
from gateway.storage import catalogue_tables as tables
from schema.model.blocks import BlockScope
from tests.catalogue import PINTARIA, an_offering
from tests.integration.catalogue.conftest import Workbench
from tests.integration.catalogue.recognising import (
    BARISTA,
    BUKALAPAK,
    BY,
    KOPI,
    OTHER,
    SAME,
    SPELLED,
    everything,
    on_sqlite,
    partition,
    rules_that_join_nothing,
)

pytestmark = pytest.mark.anyio


@on_sqlite
@pytest.mark.parametrize("are_stricter", [True, False])
async def test_what_operators_decide_stands(
    bench: Workbench, desk: LinkDesk, recognising: Recognition, are_stricter: bool
):
    third = an_offering("x", "Barista untk Pemula", KOPI, partner=BUKALAPAK)
    apart = an_offering("C", "Latte Art", "Seduh Raya", partner=PINTARIA)
    ours = an_offering("2", "Seduh Manual", KOPI)
    await bench.lists(BARISTA, ours)
    await bench.lists(SAME, OTHER, apart)
    await bench.lists(third)
    split = (await desk.split(third.id, BY)).kept
    await desk.confirm(SAME.id, BY)
    await desk.merge([await bench.course_of(ours), await bench.course_of(apart)], BY)
    decided = await partition(bench)
    before = await everything(bench)

    if are_stricter:
        with rules_that_join_nothing():
            await recognising.keep_up()
    else:
        await recognising.keep_up()

    assert await bench.course_of(third) == split
    assert await bench.course_of(SAME) == await bench.course_of(BARISTA)
    assert await bench.course_of(apart) == await bench.course_of(ours)
    if not are_stricter:
        assert await partition(bench) == decided
        assert await everything(bench) == before


@on_sqlite
async def test_an_institution_that_was_split_off_stays_so(
    bench: Workbench, desk: LinkDesk, recognising: Recognition
):
    await bench.lists(BARISTA)
    await bench.lists(SAME, OTHER)
    [giver] = {row["institution_id"] for row in await bench.rows(tables.course)}
    await desk.split_institution(giver, SPELLED, BY)
    decided, before = await partition(bench), await everything(bench)

    await recognising.keep_up()
    with rules_that_join_nothing():
        await recognising.keep_up()
    await recognising.keep_up()

    assert await partition(bench) == decided
    assert (await everything(bench))["course"] == before["course"]


@on_sqlite
async def test_nothing_leaves_a_block_by_a_rule(bench: Workbench, recognising: Recognition):
    await bench.lists(BARISTA)
    await bench.lists(SAME)
    blocked = [
        {"id": 1, "scope": BlockScope.COURSE, "value": await bench.course_of(BARISTA)},
    ]
    await bench.database.write(lambda c: c.execute(insert(tables.block), blocked) and None)

    with rules_that_join_nothing():
        await recognising.keep_up()

    assert await bench.course_of(SAME) == await bench.course_of(BARISTA)
