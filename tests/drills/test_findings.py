"""What the drills look for is found when it is there."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, update

from gateway.enrolment.audit.sealer import seal
from gateway.enrolment.money import MovementKind, movement_of, post
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, enrolment_event
from gateway.storage.migrate import upgrade
from schema.model.values import EnrolmentId, LearnerId
from tests.drills.conduct import Behaviour, learner_who
from tests.drills.findings import Kind, examine, find_missing, find_traces
from tests.drills.partners import Booked
from tests.integration.enrolment.builders import NOW, PRICE, Programme

pytestmark = pytest.mark.anyio
SITI = LearnerId(learner_who(Behaviour.ANSWERS, 1))


@pytest.fixture
async def programme(tmp_path: Path) -> AsyncIterator[Programme]:
    """A programme with one settled and sealed enrolment, of Siti's."""
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", "ledger")
    upgrade(database)
    programme = Programme(database)
    await programme.enrol(programme.shelf.put("K"), learner=SITI)
    await programme.courier.deliver_due()
    await database.write(seal)
    yield programme
    database.close()


async def settled(programme: Programme) -> tuple[dict[str, str], dict[str, list[Booked]]]:
    """Return what was accepted, and what the partner has booked for it."""
    [(told, reference)] = await programme.database.read(
        lambda c: c.execute(
            enrolment.select().with_only_columns(enrolment.c.id, enrolment.c.reference)
        ).all()
    )
    booked = Booked(programme.shelf.facts.popitem()[1].partner, reference, SITI, "confirmed", 1)
    return {SITI: told}, {SITI: [booked]}


async def kinds(programme: Programme, accepted: dict, bookings: dict) -> set[Kind]:
    found = await programme.database.read(lambda c: examine(c, accepted, bookings))
    return {fault.kind for fault in found}


async def test_what_is_right_has_no_faults(programme):
    assert await kinds(programme, *await settled(programme)) == set()


async def test_an_accepted_enrolment_that_is_gone_is_lost(programme):
    accepted, bookings = await settled(programme)
    accepted["drill-answers-000002"] = "gone"

    missing = await programme.database.read(lambda c: find_missing(c, accepted))

    assert await kinds(programme, accepted, bookings) == {Kind.LOST}
    assert [fault.kind for fault in missing] == [Kind.LOST]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        pytest.param(lambda one: [], Kind.LOST, id="nothing-booked"),
        pytest.param(lambda one: [replace(one, times=2)], Kind.DOUBLED, id="told-twice"),
        pytest.param(lambda one: [one, replace(one, reference="x")], Kind.DOUBLED, id="two"),
    ],
)
async def test_the_partners_book_must_hold_it_once(programme, change, kind):
    accepted, bookings = await settled(programme)

    assert await kinds(programme, accepted, {SITI: change(bookings[SITI][0])}) == {kind}


def reopen(connection: Connection) -> None:
    connection.execute(update(enrolment).values(status="IN_DOUBT"))


def hold_again(connection: Connection) -> None:
    record = EnrolmentId(connection.execute(enrolment.select()).one().id)
    again = replace(movement_of(MovementKind.HOLD, SITI, record, PRICE), occasion="again")
    post(connection, again, NOW)
    seal(connection)


def leave_unsealed(connection: Connection) -> None:
    row = connection.execute(enrolment_event.select().limit(1)).mappings().one()
    late = {**row, "number": 99, "seal": None, "seal_hash": None}
    connection.execute(insert(enrolment_event).values(late))


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        pytest.param(reopen, {Kind.LOST, Kind.DOUBLED, Kind.MONEY}, id="unsettled"),
        pytest.param(hold_again, {Kind.MONEY}, id="held-again"),
        pytest.param(leave_unsealed, {Kind.AUDIT}, id="unsealed"),
    ],
)
async def test_what_is_wrong_in_the_ledger_is_found(
    programme, tamper: Callable[[Connection], None], found
):
    accepted, bookings = await settled(programme)

    await programme.database.write(tamper)

    assert await kinds(programme, accepted, bookings) - found == set()
    assert found & await kinds(programme, accepted, bookings)


async def test_traces_of_a_cut_transaction_are_found(programme):
    def look(connection: Connection) -> set[str]:
        return {fault.detail.rsplit(" ", 1)[1] for fault in find_traces(connection, SITI)}

    whole = await programme.database.read(look)
    stranger = await programme.database.read(lambda c: find_traces(c, "drill-answers-000009"))

    assert whole == {"enrolment", "idempotency_key", "entry", "enrolment_event"}
    assert stranger == []
