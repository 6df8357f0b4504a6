"""What may stand in a log: a list of fields; whatever is not in it is left out.

A list of what is allowed, not of what is secret: a new field is thought about once, here.
None of them holds what a person or a client wrote, but for names that are checked where they
come in (`client`, `operation`, `request_id`).
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

from schema.redaction import redacted

_NAMES = """
    event level timestamp logger message exception dropped
    request_id trace_id error error_id at where method status seconds milliseconds
    operation kind client cost codes outcome reason
    partner partners call calls subscription number run verdict revision changed added withdrawn
    quarantined fetched pages rows changes attempts gives_up failure state mode day enrolment
    enrolments wishes drifts learners amount longest_seconds lease task exit_code background
    followed setting document row keys owner target times
"""
ALLOWED = frozenset(_NAMES.split())
_DIGITS = 6  # of a number, behind its point
_LONG = 10**15  # a number below it has no sixteen digits in a row
LONGEST = 500  # characters of one value: partners' reasons may be any length


def only_allowed(_logger: object, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Return an event with its allowed fields alone, and the names of those it has lost."""
    dropped = [name for name in event if name not in ALLOWED]
    for name in dropped:
        del event[name]
    if dropped:
        event["dropped"] = sorted(dropped)
    for name, value in event.items():
        if name != "exception" and not (value.__class__ is str and len(value) <= LONGEST):
            event[name] = _fitting(value)
    return event


def _fitting(value: Any) -> Any:
    """Return a value that is short, and leaves its line JSON if it may hold a national id."""
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:LONGEST] + "…"
    if isinstance(value, float):
        value = round(value, _DIGITS)
    if not isinstance(value, int | float) or abs(value) < _LONG:
        return value
    told = str(value)
    return value if redacted(told) == told else redacted(told)
