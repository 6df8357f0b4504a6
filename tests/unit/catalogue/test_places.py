"""Who has a place is what the availability of each course says, however it is worked out."""

from datetime import timedelta
from itertools import combinations_with_replacement

import pytest

from gateway.catalogue.places import HAS_A_PLACE, Places, nobody_booked
from schema.availability import course_availability
from schema.model.catalogue import Session
from schema.model.values import DeliveryMode, RemoteId
from tests.catalogue import NOON, TOKOPEDIA, an_offering
from tests.unit.catalogue.strategies import an_entry

MODES = [
    modes for count in (1, 2, 3) for modes in combinations_with_replacement(DeliveryMode, count)
]


def a_session(key: str, **dates: int) -> Session:
    """A session whose dates are so many hours from noon."""
    told = {name: NOON + timedelta(hours=hours) for name, hours in dates.items()}
    return Session(TOKOPEDIA, RemoteId(key), capacity=9, seats_left=4, **told)


@pytest.mark.parametrize("hours", [0, 3, 9])
def test_places_are_those_of_each_course_by_itself(hours):
    now = NOON + timedelta(hours=hours)
    offered = [
        [an_offering(f"{n}-{m}", delivery_mode=mode) for m, mode in enumerate(modes)]
        for n, modes in enumerate(MODES)
    ]
    offered += [
        [an_offering(f"s-{n}", delivery_mode=mode, sessions=(a_session(f"s-{n}", starts_at=5),))]
        for n, mode in enumerate(DeliveryMode)
    ]
    entries = [an_entry(n, *offerings) for n, offerings in enumerate(offered)]
    places = Places(entries)
    places.having(NOON, nobody_booked, ())  # what was worked out before is brought up to date

    found = places.having(now, nobody_booked, ())

    expected = [
        course_availability(entry.course, nobody_booked, now) in HAS_A_PLACE for entry in entries
    ]
    assert found.tolist() == expected
    assert set(expected) == {True, False}
