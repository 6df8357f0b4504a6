"""How offerings become courses, on both engines, whoever comes first."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Connection, true, update

from gateway.catalogue.visibility import publish
from gateway.storage import catalogue_tables as tables
from gateway.storage import sync_tables
from gateway.storage.engine import Database
from schema.model.blocks import Approval
from schema.model.values import OfferingId, derived_id
from tests.catalogue import PINTARIA, TOKOPEDIA, ScriptedPartner, a_partner, an_offering, offerings
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio

BARISTA = an_offering("1", "Barista Dasar", "LKP Kopi Nusantara")
SAME = an_offering("A", "BARISTA  dasar", "Lkp Kopi Nusantara", partner=PINTARIA)


async def course_of(bench: Workbench, offering_id: OfferingId) -> str:
    fact = await bench.store.read_fact(offering_id)
    assert fact is not None
    return fact.course_id


async def test_equal_folded_names_are_one_course_and_one_institution(bench: Workbench):
    await bench.sync(ScriptedPartner([BARISTA]))
    await bench.sync(ScriptedPartner([SAME]), a_partner(PINTARIA))

    assert await course_of(bench, SAME.id) == await course_of(bench, BARISTA.id)
    assert await bench.count(tables.course) == 1
    assert await bench.count(tables.institution) == 1


async def test_a_course_has_the_id_of_the_offering_that_founded_it(bench: Workbench):
    await bench.sync(ScriptedPartner([BARISTA]))
    await bench.sync(ScriptedPartner([SAME]), a_partner(PINTARIA))

    assert await course_of(bench, SAME.id) == derived_id(TOKOPEDIA, "course", "1")


async def test_one_partner_may_sell_a_course_twice(bench: Workbench):
    again = replace(BARISTA, key="2")

    await bench.sync(ScriptedPartner([BARISTA, again]))

    assert await course_of(bench, again.id) == await course_of(bench, BARISTA.id)


async def test_partners_that_come_at_once_found_each_course_once(bench: Workbench):
    theirs = [replace(each, partner=PINTARIA) for each in offerings(60)]
    codes = [TOKOPEDIA, PINTARIA]
    scripted = [ScriptedPartner(offerings(60)), ScriptedPartner(theirs[::-1])]

    done = await asyncio.gather(
        *(bench.sync(p, a_partner(c)) for p, c in zip(scripted, codes, strict=True))
    )

    assert [each.failure for each in done] == [None, None]
    assert await bench.count(tables.offering) == 120
    assert await bench.count(tables.course) == 60
    added = await bench.count(tables.change_log, tables.change_log.c.kind == "ADDED")
    assert added == 60


async def test_ids_are_the_same_after_everything_is_read_again(
    bench: Workbench, catalogue_db: Database
):
    partner = ScriptedPartner(offerings(5))
    await bench.sync(partner)
    before = {row["id"]: row["course_id"] for row in await bench.rows(tables.offering)}
    for table in (sync_tables.partner_status, tables.change_log, tables.offering, tables.course):
        await catalogue_db.write(lambda c, table=table: c.execute(table.delete()) and None)

    await bench.sync(partner)

    assert {row["id"]: row["course_id"] for row in await bench.rows(tables.offering)} == before


async def test_a_course_with_one_offering_keeps_its_id_when_renamed(bench: Workbench):
    await bench.sync(ScriptedPartner([BARISTA]))
    before = await course_of(bench, BARISTA.id)

    await bench.sync(ScriptedPartner([an_offering("1", "Barista Lanjutan", "LKP Kopi Baru")]))

    assert await course_of(bench, BARISTA.id) == before
    assert await bench.count(tables.course) == 1


async def test_a_renamed_offering_moves_to_the_course_of_its_new_name(bench: Workbench):
    other = an_offering("A", "Barista Lanjutan", partner=PINTARIA)
    await bench.sync(ScriptedPartner([BARISTA]))
    await bench.sync(ScriptedPartner([other]), a_partner(PINTARIA))

    await bench.sync(ScriptedPartner([an_offering("1", "Barista Lanjutan")]))

    assert await course_of(bench, BARISTA.id) == await course_of(bench, other.id)
    log = [row["kind"] for row in await bench.rows(tables.change_log) if row["revision"] == 3]
    assert sorted(log) == ["CHANGED", "WITHDRAWN"]


async def test_an_offering_that_leaves_a_shared_course_takes_a_new_id(bench: Workbench):
    await bench.sync(ScriptedPartner([BARISTA]))
    await bench.sync(ScriptedPartner([SAME]), a_partner(PINTARIA))
    shared = await course_of(bench, SAME.id)

    await bench.sync(ScriptedPartner([an_offering("1", "Barista Lanjutan")]))

    assert await course_of(bench, SAME.id) == shared
    assert await course_of(bench, BARISTA.id) != shared


async def test_two_offerings_that_swap_names_swap_courses(bench: Workbench):
    first, second = an_offering("1", "Satu"), an_offering("2", "Dua")
    await bench.sync(ScriptedPartner([first, second]))
    before = [await course_of(bench, each.id) for each in (first, second)]

    await bench.sync(ScriptedPartner([an_offering("1", "Dua"), an_offering("2", "Satu")]))

    after = [await course_of(bench, each.id) for each in (first, second)]
    assert after == before[::-1]


async def test_two_offerings_that_take_one_name_become_one_course(bench: Workbench):
    first, second = an_offering("1", "Satu"), an_offering("2", "Dua")
    await bench.sync(ScriptedPartner([first, second]))
    before = {await course_of(bench, each.id) for each in (first, second)}

    await bench.sync(ScriptedPartner([an_offering("1", "Tiga"), an_offering("2", "Tiga")]))

    after = {await course_of(bench, each.id) for each in (first, second)}
    assert len(after) == 1
    assert after < before


async def test_changes_since_a_revision_are_the_courses_that_changed(bench: Workbench):
    partner = ScriptedPartner(offerings(9))
    await bench.sync(partner)
    partner.lists([an_offering("1", "Kursus Nomor 1", price=1), *offerings(8, start=2)])
    await bench.sync(partner)

    changes = await bench.store.read_changes(since=1)

    assert changes.revision == 2
    [course] = changes.courses
    assert [sold.offering.key for sold in course.offerings] == ["1"]


async def test_the_catalogue_read_whole_is_what_is_read_course_by_course(bench: Workbench):
    shared = [an_offering(str(n), f"Kursus Nomor {n}") for n in range(1, 4)]
    await bench.sync(ScriptedPartner(shared))
    others = [replace(each, partner=PINTARIA) for each in reversed(shared)]
    await bench.sync(ScriptedPartner(others), a_partner(PINTARIA))

    whole, each = await bench.store.read_catalogue(), await bench.store.read_changes(since=0)

    assert {len(course.offerings) for course in whole.courses} == {2}
    assert {one.id: one for one in whole.courses} == {one.id: one for one in each.courses}


async def test_only_what_was_written_since_is_read_again(bench: Workbench):
    partner = ScriptedPartner(offerings(3))
    await bench.sync(partner)
    known = {
        sold.offering.id: sold.offering
        for course in (await bench.store.read_catalogue()).courses
        for sold in course.offerings
    }
    first = offerings(1)[0]
    await bench.database.write(revoke_all)
    partner.lists([an_offering("1", "Kursus Nomor 1", price=1), *offerings(2, start=2)])
    await bench.sync(partner)

    told = await bench.store.read_changes(1, known)
    anew = await bench.store.read_changes(1)

    assert len(told.courses) == 3  # all are revoked, and one has changed as well
    assert {each.id: each for each in told.courses} == {each.id: each for each in anew.courses}
    found = {sold.offering.id: sold for each in told.courses for sold in each.offerings}
    assert all(sold.withdrawn for sold in found.values())
    assert [key for key, sold in found.items() if sold.offering is not known[key]] == [first.id]


def revoke_all(connection: Connection) -> None:
    connection.execute(update(tables.offering).values(approval=Approval.REVOKED))
    publish(connection, true())
