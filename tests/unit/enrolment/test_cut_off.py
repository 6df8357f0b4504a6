"""The policy on the days before a session: how late it may still be bought."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.enrolment.policy import refusals
from schema.model.catalogue import Session, Venue
from schema.model.enrolment import RuleValue
from schema.model.values import DeliveryMode, RemoteId, SessionId
from tests.unit.enrolment.facts import CODE, NOW, OPEN, with_sessions


def starting(days: int, **session: object) -> Session:
    """Return a session that starts so many calendar days from now."""
    return Session(
        OPEN.partner, RemoteId("S9"), starts_at=NOW + timedelta(days=days), seats_left=1, **session
    )


@pytest.mark.parametrize(
    ("mode", "days", "is_late"),
    [
        (DeliveryMode.LIVE_ONLINE, 1, False),
        (DeliveryMode.ONSITE, 3, False),
        (DeliveryMode.ONSITE, 2, True),
        (DeliveryMode.BLENDED, 2, True),
        (DeliveryMode.UNKNOWN, 1, False),
    ],
)
def test_a_session_is_sold_until_its_cut_off(mode: DeliveryMode, days: int, *, is_late: bool):
    session = starting(days)
    given = with_sessions(session, chosen=session, delivery_mode=mode)

    assert [each.rule for each in refusals(given)] == ["purchase_cut_off"] * is_late


def test_an_unplaced_mode_is_face_to_face_where_the_session_has_a_venue():
    session = starting(2, venue=Venue("Balai Latihan Kerja"))

    (refusal,) = refusals(with_sessions(session, chosen=session))

    assert (refusal.code, refusal.rule) == (CODE.ENROLMENT_CLOSED, "purchase_cut_off")
    assert refusal.values == (
        RuleValue("lastDay", "2020-04-10"),
        RuleValue("teaching", "FACE_TO_FACE"),
    )


def test_a_session_of_today_in_its_own_zone_is_too_late_online():
    late_in_jakarta = datetime(2020, 4, 11, 16, 30, tzinfo=UTC)  # 23:30 there
    session = replace(
        starting(0), starts_at=datetime(2020, 4, 12, 9, tzinfo=ZoneInfo("Asia/Jayapura"))
    )
    given = with_sessions(session, chosen=session, delivery_mode=DeliveryMode.LIVE_ONLINE)

    assert [each.rule for each in refusals(replace(given, now=late_in_jakarta))] == [
        "purchase_cut_off"
    ]


def test_a_session_is_known_by_its_id():
    assert with_sessions(OPEN, chosen=OPEN).session == OPEN
    assert with_sessions(OPEN).sessions == {SessionId(OPEN.id): OPEN}
