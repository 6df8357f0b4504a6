"""A record that is made unchecked is the same record."""

from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest

from gateway.catalogue.entries import Entry
from gateway.catalogue.unchecked import unchecked
from schema.model.catalogue import Course, ListedCourse, Offering, Session
from schema.model.values import RemoteId
from tests.catalogue import NOON, TOKOPEDIA, an_offering
from tests.unit.catalogue.strategies import an_entry

SESSION = Session(TOKOPEDIA, RemoteId("1"), starts_at=NOON)
OFFERING = an_offering("A-1", sessions=(SESSION,))
ENTRY = an_entry(1, OFFERING)
RECORDS = [SESSION, OFFERING, OFFERING.listed, ENTRY.course, ENTRY]


def told(record: Any) -> dict[str, Any]:
    return {each.name: getattr(record, each.name) for each in fields(record)}


@pytest.mark.parametrize("record", RECORDS, ids=lambda each: type(each).__name__)
def test_it_is_equal_and_of_the_same_class(record: Any):
    made = unchecked(type(record), *told(record))(*told(record).values())

    assert type(made) is type(record)
    assert (made, hash(made), repr(made)) == (record, hash(record), repr(record))


def test_fields_are_told_in_the_order_that_was_said():
    backwards = dict(reversed(told(SESSION).items()))

    assert unchecked(Session, *backwards)(*backwards.values()) == SESSION


@pytest.mark.parametrize("kind", [Session, Offering, ListedCourse, Course, Entry])
def test_nothing_is_left_to_a_default(kind: type):
    names = [each.name for each in fields(kind)]

    with pytest.raises(TypeError, match=f"{len(names)} required positional arguments"):
        unchecked(kind, *names)()
    with pytest.raises(TypeError, match=f"has the fields {names[0]}, {names[1]}"):
        unchecked(kind, *names[1:])


def test_it_is_frozen_and_checked_when_it_is_copied():
    made = unchecked(Session, *told(SESSION))(*told(SESSION).values())

    with pytest.raises(FrozenInstanceError):
        made.key = RemoteId("2")  # type: ignore[misc]
    with pytest.raises(ValueError, match="no time zone"):
        replace(made, starts_at=NOON.replace(tzinfo=None))
