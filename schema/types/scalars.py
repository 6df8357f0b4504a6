"""Our own scalars: moments with an offset, and whole numbers that outgrow Int."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)

_EDGE = timedelta(days=2)  # a day, and what a time zone may add

_LIMIT = 2**53 - 1  # the largest whole number that every JSON reader keeps exact


def to_big_int(value: Any) -> int:
    """Return `value` as a whole number of up to 53 bits.  Raises `GraphQLError`."""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    if type(whole) is not int:
        raise GraphQLError(f"BigInt is a whole number, not {value!r:.40}")
    if abs(whole) > _LIMIT:
        raise GraphQLError(f"BigInt is from -{_LIMIT:,} to {_LIMIT:,}")
    return whole


def from_big_int(value: int) -> int:
    """Return `value` for JSON; raises `ValueError` when a reader would round it."""
    if abs(value) > _LIMIT:
        raise ValueError(f"a sum of {value.bit_length()} bits does not fit BigInt")
    return value


from_big_int.whole_numbers = (-_LIMIT, _LIMIT)  # type: ignore[attr-defined]  # told as they are


def to_date_time(value: Any) -> datetime:
    """Return an ISO 8601 text with offset as an aware moment.  Raises `GraphQLError`."""
    try:
        moment = datetime.fromisoformat(value)
        moment.astimezone(UTC)  # so that nothing later finds it beyond the calendar
    except (TypeError, ValueError, OverflowError):
        moment = None
    if moment is None or moment.utcoffset() is None:
        raise GraphQLError(
            "DateTime is ISO 8601 with an offset, such as 2020-04-11T09:00:00+07:00, "
            f"not {value!r:.40}"
        )
    return moment


def from_date_time(value: datetime) -> str:
    """Return `value` in ISO 8601, in its own zone; raises `ValueError` without a zone."""
    if value.utcoffset() is None:
        raise ValueError("a moment without a time zone cannot be told")
    return value.isoformat()


def to_date(value: Any) -> date:
    """Return an ISO 8601 day that begins and ends in every time zone.  Raises `GraphQLError`."""
    try:
        day = date.fromisoformat(value)
        _ = day - _EDGE, day + _EDGE  # so that nothing later finds it beyond the calendar
    except (TypeError, ValueError, OverflowError) as exc:
        raise GraphQLError(
            f"Date is an ISO 8601 day such as 2020-04-11, not {value!r:.40}"
        ) from exc
    return day


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in ISO 8601 with offset, in the time zone where it was published: "
        "`2020-04-11T09:00:00+07:00`.",
        serialize=from_date_time,
        parse_value=to_date_time,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day in ISO 8601, in the time zone that its field names: `2020-04-11`.",
        serialize=date.isoformat,
        parse_value=to_date,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number of up to 53 bits, as a JSON number: sums of money outgrow Int.",
        serialize=from_big_int,
        parse_value=to_big_int,
    ),
}
