"""What a partner's webhook says: from its bytes to a report.  Pure; input is hostile.

The body is that of the specification: `type`, `timestamp` and `data`.  What is not in it is not
missed, and what is too much is passed over, so that partners may say more than they have to.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
import orjson

from gateway.enrolment.attending import AttendanceReport
from gateway.enrolment.hearing import Said
from gateway.enrolment.partner_reports import LONGEST_REFERENCE, PartnerReport
from schema.model.progress import Attendance
from schema.model.values import PartnerCode, Reference

ATTENDED = "enrolment.attended"
TYPES: Mapping[str, Said] = {f"enrolment.{said.value}": said for said in Said}
EARLIEST_YEAR = 2000  # what is told to be older is a clock that was never set

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Event = PartnerReport | AttendanceReport


class BadEventError(ValueError):
    """A body is not what the contract says; the message says which part, and repeats nothing."""


class Data(msgspec.Struct):
    """What happened to one enrolment; `version` is the partner's own count of its changes."""

    reference: str
    version: int | None = None
    occurred_at: Moment | None = None
    reason: str | None = None
    partner_reference: str | None = None
    redeem_code: str | None = None
    access_url: str | None = None
    certificate_reference: str | None = None
    certificate_url: str | None = None
    meeting: int | None = None
    attended: bool = True


class Body(msgspec.Struct):
    """A webhook's body; `data` is read once its type is known."""

    type: str
    timestamp: Moment
    data: msgspec.Raw


def to_event(partner: PartnerCode, body: bytes) -> Event | None:
    """Return what a body reports; None for a type that we do not know.  Raises `BadEventError`."""
    told = _decoded(body, Body)
    if told.type != ATTENDED and told.type not in TYPES:
        return None
    data = _decoded(told.data, Data)
    at = data.occurred_at or told.timestamp
    if at.year < EARLIEST_YEAR:
        raise BadEventError("the time of an event is before this century; check the clock")
    if told.type == ATTENDED:
        if data.meeting is None:
            raise BadEventError("data.meeting is missing: the meeting's number, from 1")
        attendance = Attendance(data.meeting, data.attended, at)
        return AttendanceReport(partner, Reference(data.reference), attendance)
    return PartnerReport(
        partner=partner,
        reference=Reference(data.reference),
        status=TYPES[told.type],
        occurred_at=at,
        version=data.version,
        reason=data.reason,
        partner_reference=data.partner_reference,
        redeem_code=data.redeem_code,
        access_url=data.access_url,
        certificate_reference=data.certificate_reference,
        certificate_url=data.certificate_url,
    )


def to_reference(body: bytes, path: str) -> Reference | None:
    """Return the reference at dotted `path` of a body that nobody signed; None without one."""
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    if not isinstance(found, str) or not 1 <= len(found) <= LONGEST_REFERENCE:
        return None
    return Reference(found) if found.isprintable() else None


def _decoded(body: bytes | msgspec.Raw, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as exc:  # it names types and places, no values
        raise BadEventError(str(exc)) from exc
    except (msgspec.DecodeError, RecursionError, ValueError) as exc:
        raise BadEventError("the body is not a JSON object") from exc
