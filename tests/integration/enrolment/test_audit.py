"""The audit trail on both engines: in order, complete, and every tampering is named."""

# ruff: noqa: S608 - statements made of our own names

import asyncio
import threading

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from gateway.enrolment.audit.chain import BEGINNING, Head, to_head
from gateway.enrolment.audit.records import Act, record
from gateway.enrolment.audit.sealer import Sealer, read_head, seal
from gateway.enrolment.audit.verifying import Finding, verify
from gateway.enrolment.blocks import BlockRegister
from gateway.storage.audit_tables import audit_record
from schema.model.blocks import BlockScope, BlockWish
from tests.integration.enrolment.builders import NOW, Programme
from tests.integration.enrolment.tampering import tamper

pytestmark = pytest.mark.anyio


def a_sealer(programme: Programme, holder: str = "sealer-1") -> Sealer:
    return Sealer(programme.database, now=programme.clock, holder=holder)


async def found(programme: Programme, kept: Head | None = None) -> Finding:
    return await programme.database.read(lambda connection: verify(connection, kept))


@pytest.fixture
async def sealed(programme: Programme) -> Programme:
    """Two confirmed enrolments and a block, all sealed: 17 rows."""
    for course in ("barista", "desain"):
        await programme.enrol(programme.shelf.put(course), key=course)
        await programme.courier.deliver_due()
        programme.clock.advance(seconds=1)
    register = BlockRegister(programme.database, programme.clock)
    await register.block(BlockWish(BlockScope.PARTNER, "pintaria", "why", "S-1"), "rina")
    await a_sealer(programme).seal_waiting()
    return programme


async def test_events_money_and_acts_are_sealed(sealed: Programme):
    finding = await found(sealed)

    assert (finding.fault, finding.tail.rows) == (None, 0)
    assert finding.good.number == 2 * 3 + 2 + 4 * 2 + 1  # events, the grant, moves, the block
    assert finding.good == await sealed.database.read(read_head)


async def test_what_came_later_is_the_tail_until_it_is_sealed(sealed: Programme):
    await sealed.enrol(sealed.shelf.put("excel"), key="excel")

    before = await found(sealed)
    newly = await a_sealer(sealed).seal_waiting()
    after = await found(sealed)

    assert (before.fault, before.tail.rows, before.tail.oldest) == (None, 3, sealed.clock())
    assert newly == 3
    assert (after.fault, after.tail.rows) == (None, 0)
    assert after.good.number == before.good.number + 3


async def test_an_act_says_who_did_what_to_what(sealed: Programme):
    [row] = await sealed.database.read(lambda c: c.execute(select(audit_record)).all())

    assert (row.by, row.act, row.target, row.at) == ("rina", "BLOCKED", "block:1", sealed.clock())
    told = '{"letter":"S-1","reason":"why","scope":"PARTNER","value":"pintaria"}'
    assert row.details == told


async def test_what_rolls_back_is_not_audited(programme: Programme):
    def fail(connection):
        record(connection, Act.BLOCKED, "block:1", by="rina", at=NOW)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await programme.database.write(fail)

    assert (await found(programme)).tail.rows == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {s}enrolment_event SET cause = 'another' WHERE number = 1",
        "UPDATE {s}entry SET amount = amount * 2",
        "UPDATE {s}audit_record SET \"by\" = 'nobody'",
        "UPDATE {s}enrolment_event SET seal = NULL",
        "UPDATE {s}entry SET seal_hash = NULL",
        "DELETE FROM {s}enrolment_event",
        "DELETE FROM {s}entry",
        "DELETE FROM {s}audit_record",
    ],
)
async def test_the_database_refuses_to_change_audited_rows(sealed: Programme, statement: str):
    schema = "" if sealed.database.is_sqlite else "ledger."

    with pytest.raises(DBAPIError, match="never changed or deleted"):
        await sealed.database.write(lambda c: c.execute(text(statement.format(s=schema))))

    assert (await found(sealed)).fault is None


async def test_the_database_refuses_to_change_what_is_not_sealed_yet(programme: Programme):
    await programme.enrol(programme.shelf.put("barista"))
    schema = "" if programme.database.is_sqlite else "ledger."

    for statement in ("UPDATE {s}entry SET amount = 1", "DELETE FROM {s}entry"):
        with pytest.raises(DBAPIError, match="never changed or deleted"):
            await programme.database.write(
                lambda c, s=statement: c.execute(text(s.format(s=schema)))
            )


@pytest.mark.parametrize("table", ["enrolment_event", "entry", "audit_record"])
async def test_the_database_refuses_the_ways_around_updates_and_deletions(
    programme: Programme, table: str
):
    await programme.enrol(programme.shelf.put("barista"))
    await programme.database.write(lambda c: record(c, Act.BLOCKED, "b", by="rina", at=NOW))
    around = (
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
        if programme.database.is_sqlite
        else f"TRUNCATE ledger.{table}"
    )

    with pytest.raises(DBAPIError, match="never changed or deleted"):
        await programme.database.write(lambda c: c.execute(text(around)))


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE {s}entry SET amount = amount + 1 WHERE seal = 5", "number 5, "),
        ("UPDATE {s}enrolment_event SET actor = 'OPERATOR' WHERE number = 2", ", event "),
        ("UPDATE {s}entry SET seal_hash = {zeros} WHERE seal = 6", "number 6, "),
        ("UPDATE {s}audit_record SET \"by\" = 'nobody'", "record "),
        ("DELETE FROM {s}entry WHERE seal = 4", "number 4 is missing"),
        ("UPDATE {s}entry SET seal = NULL WHERE seal = 1", "number 1 is missing"),
        ("UPDATE {s}entry SET seal = 99 WHERE seal = 4", "number 4 is missing"),
        ("UPDATE {s}entry SET seal = -1 WHERE seal = 4", "which another row has"),
        ("UPDATE {s}audit_head SET number = number - 1", "the head says 16"),
        ("UPDATE {s}audit_head SET hash = {zeros}", "the head says"),
    ],
)
async def test_one_tampering_is_named(sealed: Programme, statement: str, says: str):
    await tamper(sealed.database, statement)

    assert says in ((await found(sealed)).fault or "")


async def test_two_rows_that_change_places_are_named(sealed: Programme):
    await tamper(
        sealed.database,
        "UPDATE {s}entry SET seal = 1000 WHERE seal = 1",
        "UPDATE {s}entry SET seal = 1 WHERE seal = 2",
        "UPDATE {s}entry SET seal = 2 WHERE seal = 1000",
    )

    fault = (await found(sealed)).fault or ""
    assert fault.startswith("number 1, entry ")
    assert fault.endswith(", was changed or moved")


async def test_a_cut_tail_shows_against_the_head(sealed: Programme):
    for table in ("enrolment_event", "entry", "audit_record"):
        await tamper(sealed.database, f"DELETE FROM {{s}}{table} WHERE seal > 10")

    assert (await found(sealed)).fault == "the chain ends at 10; numbers 11 to 17 are gone"


async def test_a_head_set_back_as_well_shows_against_one_kept_elsewhere(sealed: Programme):
    kept = to_head(str(await sealed.database.read(read_head)))
    for table in ("enrolment_event", "entry", "audit_record"):
        await tamper(sealed.database, f"DELETE FROM {{s}}{table} WHERE seal > 10")
    await tamper(
        sealed.database,
        "UPDATE {s}audit_head SET number = 10, hash = coalesce("
        "(SELECT seal_hash FROM {s}entry WHERE seal = 10),"
        "(SELECT seal_hash FROM {s}enrolment_event WHERE seal = 10))",
    )

    assert (await found(sealed)).fault is None  # nothing in the database shows it
    assert "but reached 17 when the head was kept" in ((await found(sealed, kept)).fault or "")


async def test_a_chain_made_anew_shows_against_a_head_kept_elsewhere(sealed: Programme):
    kept = await sealed.database.read(read_head)
    await tamper(
        sealed.database,
        "UPDATE {s}enrolment_event SET cause = 'another'",
        *(f"UPDATE {{s}}{t} SET seal = NULL" for t in ("enrolment_event", "entry", "audit_record")),
        "UPDATE {s}audit_head SET number = 0, hash = {zeros}",
    )
    await sealed.database.write(seal)

    assert (await found(sealed)).fault is None
    assert "rewritten" in ((await found(sealed, kept)).fault or "")


async def test_only_the_holder_of_the_lease_seals(programme: Programme):
    first, second = a_sealer(programme, "one"), a_sealer(programme, "two")
    await programme.enrol(programme.shelf.put("barista"))
    await first.seal_waiting()
    await programme.enrol(programme.shelf.put("desain"), key="key-2")

    in_vain = await second.seal_waiting()
    programme.clock.advance(seconds=30)  # the first has died
    taken_over = await second.seal_waiting()

    assert (in_vain, taken_over) == (0, 3)


async def test_sealers_that_all_believe_they_hold_the_lease_take_turns(programme: Programme):
    for number in range(8):
        await programme.enrol(programme.shelf.put(f"course-{number}", price=0), key=f"k{number}")

    sealed = await asyncio.gather(
        *(programme.database.write(lambda c: seal(c, limit=3)) for _ in range(8))
    )

    assert sum(sealed) == 8 + 2
    finding = await found(programme)
    assert (finding.fault, finding.tail.rows) == (None, 0)


async def test_a_row_that_commits_late_is_sealed_later(programme: Programme):
    if programme.database.is_sqlite:
        pytest.skip("SQLite has one writer: rows commit in the order of their writing")
    written, go_on = threading.Event(), threading.Event()

    def dawdle(connection):
        record(connection, Act.BLOCKED, "block:1", by="slow", at=NOW)
        written.set()
        assert go_on.wait(5)

    slow = asyncio.create_task(programme.database.write(dawdle))
    await asyncio.to_thread(written.wait, 5)
    programme.clock.advance(minutes=1)
    await programme.database.write(
        lambda c: record(c, Act.BLOCKED, "block:2", by="quick", at=programme.clock())
    )
    first = await a_sealer(programme).seal_waiting()
    go_on.set()
    await slow
    second = await a_sealer(programme).seal_waiting()

    rows = await programme.database.read(
        lambda c: c.execute(select(audit_record.c.by).order_by(audit_record.c.seal)).scalars().all()
    )
    assert (first, second, rows) == (1, 1, ["quick", "slow"])
    assert (await found(programme)).fault is None


async def test_a_sealer_in_the_background_seals_until_it_is_stopped(programme: Programme):
    sealing = asyncio.create_task(a_sealer(programme).run())
    await programme.enrol(programme.shelf.put("barista"))
    async with asyncio.timeout(5):
        while (await found(programme)).tail.rows:  # noqa: ASYNC110 - the product has no event
            await asyncio.sleep(0.02)
    sealing.cancel()
    await asyncio.gather(sealing, return_exceptions=True)

    assert await a_sealer(programme, "another").seal_waiting() == 0
    await programme.enrol(programme.shelf.put("desain"), key="key-2")
    assert await a_sealer(programme, "another").seal_waiting() == 3  # the lease was given back


def test_a_head_reads_as_it_is_printed():
    head = BEGINNING.then(b"a").then(b"b")

    assert to_head(f"{head}\n") == head
    with pytest.raises(ValueError, match="looks like"):
        to_head("12")
