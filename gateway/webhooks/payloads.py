"""What subscribed systems are told: one event of the feed, in opaque references.  Pure.

Nothing in it is about a person: neither the learner's reference, nor a cause, which may quote a
partner.  The same event is always the same bytes.
"""

from collections.abc import Sequence
from datetime import UTC

import orjson

from schema.model.enrolment import EnrolmentStatus
from schema.model.progress import FeedEvent

_PREFIX = "enrolment."
EVERYTHING = f"{_PREFIX}*"
TYPES = {f"{_PREFIX}{status.lower()}": status for status in EnrolmentStatus}


class UnknownEventError(ValueError):
    """There is no such type of event; the message says which there are."""


def to_statuses(types: Sequence[str]) -> list[EnrolmentStatus]:
    """Return what is subscribed to; nothing and `enrolment.*` are everything, an empty list.

    Raises `UnknownEventError`.
    """
    if unknown := [each for each in types if each not in TYPES and each != EVERYTHING]:
        known = ", ".join([EVERYTHING, *TYPES])
        raise UnknownEventError(f"no events are called {', '.join(unknown)}; there are {known}")
    if EVERYTHING in types:
        return []
    return sorted({TYPES[each] for each in types})


def to_type(status: str) -> str:
    """Return the type of the events that lead to a status."""
    return f"{_PREFIX}{status.lower()}"


def to_body(event: FeedEvent) -> bytes:
    """Return an event as it is sent."""
    happened = event.event
    data = {
        "number": event.number,
        "enrolment": event.enrolment_id,
        "reference": event.reference,
        "partner": event.partner,
        "course": event.course_id,
        "before": happened.before,
        "after": happened.after,
        "actor": happened.actor,
    }
    at = happened.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return orjson.dumps({"type": to_type(happened.after), "timestamp": at, "data": data})
