"""Whether a place can be had now, one line per rule."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.availability import (
    course_availability,
    is_upcoming,
    offering_availability,
    seats_left,
    session_availability,
)
from schema.model.values import Availability, DeliveryMode
from tests.unit.schema.fakes import NOW, SISNAKER, a_course, a_session, an_offering

DAY = timedelta(days=1)
OPEN = a_session(
    starts_at=NOW + 9 * DAY,
    ends_at=NOW + 10 * DAY,
    enrolment_ends_at=NOW + 8 * DAY,
    capacity=100,
    seats_left=50,
)
UNTOLD = a_session(starts_at=NOW + DAY)


def nobody(_session_id):
    return 0


@pytest.mark.parametrize(
    ("session", "taken", "expected"),
    [
        pytest.param(OPEN, 0, Availability.AVAILABLE, id="open-with-seats"),
        pytest.param(replace(OPEN, seats_left=11), 0, Availability.AVAILABLE, id="over-a-tenth"),
        pytest.param(replace(OPEN, seats_left=10), 0, Availability.LIMITED, id="just-a-tenth"),
        pytest.param(OPEN, 40, Availability.LIMITED, id="a-tenth-after-ours"),
        pytest.param(OPEN, 50, Availability.FULL, id="full-after-ours"),
        pytest.param(OPEN, 60, Availability.FULL, id="more-of-ours-than-told"),
        pytest.param(replace(OPEN, capacity=5, seats_left=4), 0, Availability.AVAILABLE, id="four"),
        pytest.param(replace(OPEN, capacity=5, seats_left=3), 0, Availability.LIMITED, id="three"),
        pytest.param(
            replace(OPEN, capacity=None, seats_left=3), 0, Availability.LIMITED, id="three-of-any"
        ),
        pytest.param(
            replace(OPEN, capacity=None, seats_left=4), 0, Availability.AVAILABLE, id="four-of-any"
        ),
        pytest.param(replace(OPEN, seats_left=0), 0, Availability.FULL, id="full"),
        pytest.param(replace(OPEN, seats_left=-2), 0, Availability.FULL, id="overbooked"),
        pytest.param(UNTOLD, 0, Availability.UNKNOWN, id="nothing-told"),
        pytest.param(replace(UNTOLD, capacity=9), 0, Availability.UNKNOWN, id="only-capacity"),
        pytest.param(replace(UNTOLD, capacity=9), 9, Availability.FULL, id="ours-fill-it"),
        pytest.param(replace(UNTOLD, unlimited=True), 99, Availability.AVAILABLE, id="unlimited"),
        pytest.param(replace(OPEN, ends_at=NOW), 0, Availability.FINISHED, id="ends-this-instant"),
        pytest.param(
            replace(OPEN, enrolment_ends_at=NOW), 0, Availability.CLOSED, id="closes-this-instant"
        ),
        pytest.param(
            replace(OPEN, purchase_ends_at=NOW), 0, Availability.CLOSED, id="sold-until-now"
        ),
        pytest.param(
            replace(OPEN, purchase_ends_at=NOW + DAY), 0, Availability.AVAILABLE, id="still-sold"
        ),
        pytest.param(
            replace(OPEN, enrolment_ends_at=None, starts_at=NOW), 0, Availability.CLOSED, id="begun"
        ),
        pytest.param(
            replace(OPEN, enrolment_ends_at=NOW, seats_left=0), 0, Availability.CLOSED, id="shut"
        ),
        pytest.param(
            replace(OPEN, enrolment_starts_at=NOW + DAY),
            0,
            Availability.NOT_YET_OPEN,
            id="opens-tomorrow",
        ),
        pytest.param(
            replace(OPEN, enrolment_starts_at=NOW), 0, Availability.AVAILABLE, id="opens-now"
        ),
        pytest.param(
            replace(UNTOLD, enrolment_starts_at=NOW + DAY / 2, unlimited=True),
            0,
            Availability.NOT_YET_OPEN,
            id="unlimited-but-later",
        ),
        pytest.param(
            replace(OPEN, starts_at=(NOW + DAY).astimezone(UTC), enrolment_ends_at=None),
            0,
            Availability.AVAILABLE,
            id="another-zone",
        ),
        pytest.param(
            replace(OPEN, enrolment_ends_at=NOW.astimezone(UTC)),
            0,
            Availability.CLOSED,
            id="this-instant-in-another-zone",
        ),
    ],
)
def test_a_session_by_its_dates_then_its_seats(session, taken, expected):
    assert session_availability(session, taken, NOW) is expected


@pytest.mark.parametrize(
    ("offering", "expected"),
    [
        pytest.param(
            an_offering(delivery_mode=DeliveryMode.SELF_PACED), Availability.AVAILABLE, id="alone"
        ),
        pytest.param(
            an_offering(delivery_mode=DeliveryMode.ONSITE), Availability.UNKNOWN, id="no-session"
        ),
        pytest.param(
            an_offering(delivery_mode=DeliveryMode.SELF_PACED, sessions=(UNTOLD,)),
            Availability.AVAILABLE,
            id="self-paced-untold",
        ),
        pytest.param(
            an_offering(sessions=(UNTOLD, replace(OPEN, seats_left=0))),
            Availability.UNKNOWN,
            id="unknown-beats-full",
        ),
        pytest.param(
            an_offering(sessions=(replace(OPEN, ends_at=NOW), OPEN)),
            Availability.AVAILABLE,
            id="the-best-session",
        ),
        pytest.param(
            an_offering(
                delivery_mode=DeliveryMode.SELF_PACED, sessions=(replace(OPEN, ends_at=NOW),)
            ),
            Availability.FINISHED,
            id="self-paced-but-over",
        ),
    ],
)
def test_an_offering_is_as_available_as_its_best_session(offering, expected):
    assert offering_availability(offering, nobody, NOW) is expected


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        pytest.param(a_course(), Availability.AVAILABLE, id="self-paced"),
        pytest.param(a_course(withdrawn=True), Availability.CLOSED, id="withdrawn"),
        pytest.param(a_course(offerings=()), Availability.CLOSED, id="sold-by-nobody"),
        pytest.param(
            a_course(
                offerings=(
                    an_offering("a", sessions=(replace(OPEN, seats_left=0),)),
                    an_offering("b", sessions=(replace(OPEN, seats_left=2),)),
                )
            ),
            Availability.LIMITED,
            id="the-best-offering",
        ),
    ],
)
def test_a_course_is_as_available_as_its_best_offering(course, expected):
    assert course_availability(course, nobody, NOW) is expected


def test_a_partner_that_sells_nothing_now_has_no_places():
    session, course = replace(OPEN, partner=SISNAKER), a_course()
    other = an_offering("b", partner=SISNAKER, delivery_mode=DeliveryMode.SELF_PACED)
    both = replace(course, offerings=(*course.offerings, other))
    [partner] = {offering.partner for offering in course.offerings}

    assert session_availability(session, 0, NOW, {SISNAKER}) is Availability.CLOSED
    assert session_availability(replace(session, ends_at=NOW), 0, NOW, {SISNAKER}) is (
        Availability.FINISHED
    )
    assert course_availability(course, nobody, NOW, {partner}) is Availability.CLOSED
    assert course_availability(both, nobody, NOW, {partner}) is Availability.AVAILABLE
    assert course_availability(both, nobody, NOW, {partner, SISNAKER}) is Availability.CLOSED


@pytest.mark.parametrize(
    ("session", "taken", "expected"),
    [
        pytest.param(OPEN, 0, 50, id="as-told"),
        pytest.param(OPEN, 8, 42, id="less-ours"),
        pytest.param(OPEN, 51, 0, id="never-negative"),
        pytest.param(UNTOLD, 8, None, id="not-told"),
        pytest.param(replace(OPEN, unlimited=True), 8, None, id="unlimited"),
    ],
)
def test_our_own_bookings_are_taken_off_the_seats_that_are_told(session, taken, expected):
    assert seats_left(session, taken) == expected


@given(told=st.integers(-5, 500), capacity=st.none() | st.integers(0, 500), taken=st.integers(0))
def test_a_place_is_promised_only_when_one_is_left(told, capacity, taken):
    session = replace(OPEN, seats_left=told, capacity=capacity)

    left = seats_left(session, taken)
    said = session_availability(session, taken, NOW)

    assert left is not None
    assert left >= 0
    assert (said in {Availability.AVAILABLE, Availability.LIMITED}) is (left > 0)


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        pytest.param(a_session(), True, id="undated"),
        pytest.param(a_session(starts_at=NOW - DAY, ends_at=NOW + DAY), True, id="under-way"),
        pytest.param(a_session(starts_at=NOW - DAY), False, id="begun-without-end"),
        pytest.param(a_session(ends_at=NOW), False, id="over"),
    ],
)
def test_a_session_is_upcoming_until_it_ends(session, expected):
    assert is_upcoming(session, NOW) is expected
