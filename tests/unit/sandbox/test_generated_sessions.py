"""When the sandbox's courses are held, where, and with how many seats."""

from datetime import date, datetime, time, timedelta

import pytest

from adapters.sandbox.generator import generate
from adapters.sandbox.words import load_vocabulary
from schema.model.values import DeliveryMode
from tests.unit.sandbox.conftest import JAKARTA, TODAY


def test_dated_courses_have_sessions_and_self_paced_ones_none(on_sale):
    for _, row in on_sale:
        assert bool(row.sessions) == (row.delivery_mode is not DeliveryMode.SELF_PACED)


def test_onsite_sessions_have_a_place_in_its_own_time_zone(on_sale):
    regions = {school.region.code: school.region for school in load_vocabulary().schools}
    onsite = [
        s for _, row in on_sale if row.delivery_mode is DeliveryMode.ONSITE for s in row.sessions
    ]

    for session in onsite:
        region = regions[session.region_code]
        assert session.region_name == region.name
        assert session.starts_at.tzinfo is region.zone
        assert session.venue_name
        assert session.address.endswith(region.name)
    assert {s.starts_at.tzname() for s in onsite} == {"WIB", "WITA", "WIT"}


def test_sessions_are_in_order_and_have_sensible_times_and_seats(on_sale):
    sessions = [s for _, row in on_sale for s in row.sessions]

    for session in sessions:
        assert session.enrolment_ends_at < session.starts_at < session.ends_at
        assert 0 <= session.seats_left <= session.capacity
        assert 15 <= session.capacity <= 40
    for _, row in on_sale:
        assert list(row.sessions) == sorted(row.sessions, key=lambda s: s.starts_at)
    assert any(s.seats_left == 0 for s in sessions)
    assert any(1 <= s.seats_left <= 3 for s in sessions)


@pytest.mark.parametrize("later", range(0, 400, 23))
def test_whatever_the_day_there_is_a_coming_session_that_can_be_booked(later):
    today = TODAY + timedelta(days=later)
    midnight = datetime.combine(today + timedelta(days=1), time(), tzinfo=JAKARTA)

    dated = [row for shelf in generate(today=today).values() for row in shelf if row.sessions]

    assert dated
    assert all(row.sessions[0].enrolment_ends_at > midnight for row in dated)


def test_some_sessions_are_closed_early(on_sale):
    now = datetime.combine(TODAY, time(), tzinfo=JAKARTA)

    assert any(s.enrolment_ends_at < now for _, row in on_sale for s in row.sessions)


def test_a_session_keeps_its_key_and_its_facts_when_a_week_passes(world):
    def sessions(of):
        return {s.key: s for shelf in of.values() for row in shelf for s in row.sessions}

    before, after = sessions(world), sessions(generate(today=TODAY + timedelta(weeks=1)))
    kept = before.keys() & after.keys()

    assert len(kept) > len(before) / 2
    for key in kept:
        assert before[key].starts_at == after[key].starts_at
        assert before[key].seats_left == after[key].seats_left


def test_days_of_one_week_have_the_same_catalogue():
    monday = date(2026, 11, 23)

    assert generate(today=monday) == generate(today=monday + timedelta(days=6))
