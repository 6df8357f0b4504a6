"""What the ledger itself makes impossible, whoever writes to it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from gateway.enrolment.filed import Change, Filed, Step
from gateway.enrolment.ledger import (
    StaleEnrolmentError,
    change_enrolment,
    open_enrolments,
    read_filed,
)
from gateway.enrolment.money import Movement, MovementKind, movement_of, post
from gateway.storage.ledger_tables import enrolment
from schema.model.enrolment import Actor, EnrolmentStatus, IllegalTransitionError
from schema.model.values import EnrolmentId, Reference
from tests.integration.enrolment.builders import GRANT, NOW, PRICE, SITI, Programme

pytestmark = pytest.mark.anyio
S = EnrolmentStatus


def step(after: EnrolmentStatus) -> Step:
    return Step(after, Actor.SYSTEM, "test")


async def filed(programme: Programme) -> Filed:
    outcome = await programme.enrol(programme.shelf.put("barista"))
    found = await programme.database.read(
        lambda c: read_filed(c, enrolment.c.id == outcome.enrolment.id)
    )
    assert found is not None
    return found


async def test_a_change_by_someone_who_saw_an_older_state_is_refused(programme: Programme):
    seen = await filed(programme)
    change = Change((step(S.SUBMITTING),))
    await programme.database.write(lambda c: change_enrolment(c, seen, change, NOW))

    with pytest.raises(StaleEnrolmentError):
        await programme.database.write(lambda c: change_enrolment(c, seen, change, NOW))

    assert await programme.statuses(seen.enrolment.id) == ["RESERVED", "SUBMITTING"]


async def test_an_illegal_change_leaves_nothing_behind(programme: Programme):
    seen = await filed(programme)
    change = Change((step(S.SUBMITTING), step(S.COMPLETED)))

    with pytest.raises(IllegalTransitionError):
        await programme.database.write(lambda c: change_enrolment(c, seen, change, NOW))

    assert await programme.statuses(seen.enrolment.id) == ["RESERVED"]


async def test_every_step_of_a_change_is_an_event(programme: Programme):
    seen = await filed(programme)
    change = Change((step(S.SUBMITTING), step(S.IN_DOUBT), step(S.MANUAL_REVIEW)))

    await programme.database.write(
        lambda c: change_enrolment(c, seen, change, NOW + timedelta(minutes=1))
    )

    events = await programme.service.read_events(seen.enrolment.id)
    assert [(event.before, event.after) for event in events] == [
        (None, S.RESERVED),
        (S.RESERVED, S.SUBMITTING),
        (S.SUBMITTING, S.IN_DOUBT),
        (S.IN_DOUBT, S.MANUAL_REVIEW),
    ]
    assert events[-1].at == NOW + timedelta(minutes=1)


async def test_a_movement_cannot_be_posted_twice(programme: Programme):
    seen = await filed(programme)
    capture = movement_of(MovementKind.CAPTURE, SITI, seen.enrolment.id, PRICE)
    await programme.database.write(lambda c: post(c, capture, NOW))

    with pytest.raises(IntegrityError):
        await programme.database.write(lambda c: post(c, capture, NOW))

    assert (await programme.accounts())["PARTNER"] == PRICE


async def test_a_grant_is_posted_once_per_occasion(programme: Programme):
    await programme.balance()
    again = Movement(MovementKind.GRANT, SITI, GRANT, occasion=f"2023:{SITI}")

    with pytest.raises(IntegrityError):
        await programme.database.write(lambda c: post(c, again, NOW))

    assert await programme.balance() == GRANT


async def test_a_negative_sum_cannot_move(programme: Programme):
    backwards = Movement(MovementKind.EXPIRE, SITI, -1, occasion="test")

    with pytest.raises(ValueError, match="positive"):
        await programme.database.write(lambda c: post(c, backwards, NOW))


async def test_the_database_refuses_a_second_live_enrolment_in_a_course(programme: Programme):
    seen = await filed(programme)

    twin = replace(seen.enrolment, id=EnrolmentId("twin"), reference=Reference("twin"))
    again = replace(seen, enrolment=twin)

    with pytest.raises(IntegrityError):
        await programme.database.write(lambda c: open_enrolments(c, [(again, step(S.RESERVED))]))
