"""What a partner says of an enrolment, and what that makes of it.  Pure: no I/O, no clock.

The same for an answer to our call and for a report that comes by itself: the way from where
an enrolment stands to where the partner says it is, with the money that goes along.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from adapters.base import Receipt
from gateway.enrolment.filed import Change, Filed, Step
from gateway.enrolment.money import Movement, MovementKind, movement_of
from schema.model.enrolment import Actor, EnrolmentStatus

_S = EnrolmentStatus
_LONGEST_TEXT, _LONGEST_URL = 200, 2_000


class Said(StrEnum):
    """What a partner can say of an enrolment: those of receipts, and how the course went on."""

    PENDING = "pending"
    WAITLISTED = "waitlisted"
    CONFIRMED = "confirmed"
    REDEEMED = "redeemed"
    COMPLETED = "completed"
    NOT_PASSED = "not_passed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Told:
    """One saying of a partner, with the columns that it fills; `at` is when it became so."""

    said: Said
    at: datetime
    reason: str = ""
    columns: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a saying makes of an enrolment.

    `conflict` is what only a person can decide; with `is_unwanted` the partner holds a booking
    that we have given up, and is to be told so.
    """

    change: Change = field(default_factory=Change)
    conflict: str | None = None
    is_unwanted: bool = False


Way = tuple[EnrolmentStatus, ...]

PAID = frozenset({_S.CONFIRMED, _S.ACTIVE, _S.COMPLETED, _S.NOT_PASSED})
GIVEN_UP = frozenset({_S.REJECTED, _S.CANCELLED, _S.EXPIRED})
_ENDED = {_S.COMPLETED: Said.COMPLETED, _S.NOT_PASSED: Said.NOT_PASSED}
_BACK = frozenset({Said.REJECTED, Said.CANCELLED})
_PLACED: Way = (_S.RESERVED, _S.SUBMITTING)  # from a partner's waiting list
_TAKEN_BACK: Way = (_S.CANCEL_REQUESTED, _S.CANCELLED)

_TO_CONFIRMED: Mapping[EnrolmentStatus, Way] = {
    _S.SUBMITTING: (_S.CONFIRMED,),
    _S.IN_DOUBT: (_S.CONFIRMED,),
    _S.PENDING_PARTNER: (_S.CONFIRMED,),
    _S.WAITLISTED: (*_PLACED, _S.CONFIRMED),
    _S.MANUAL_REVIEW: (_S.CONFIRMED,),
    _S.CONFIRMED: (),
}
_WAYS: Mapping[Said, Mapping[EnrolmentStatus, Way]] = {
    Said.PENDING: {
        _S.SUBMITTING: (_S.PENDING_PARTNER,),
        _S.IN_DOUBT: (_S.SUBMITTING, _S.PENDING_PARTNER),
        _S.WAITLISTED: (*_PLACED, _S.PENDING_PARTNER),
    },
    Said.WAITLISTED: {
        _S.SUBMITTING: (_S.WAITLISTED,),
        _S.IN_DOUBT: (_S.SUBMITTING, _S.WAITLISTED),
        _S.PENDING_PARTNER: (_S.WAITLISTED,),
    },
    Said.CONFIRMED: _TO_CONFIRMED,
    Said.REDEEMED: {before: (*way, _S.ACTIVE) for before, way in _TO_CONFIRMED.items()},
    Said.REJECTED: {
        _S.SUBMITTING: (_S.REJECTED,),
        _S.IN_DOUBT: (_S.COMPENSATING, _S.REJECTED),
        _S.PENDING_PARTNER: (_S.REJECTED,),
        _S.WAITLISTED: (*_PLACED, _S.REJECTED),
        _S.COMPENSATING: (_S.REJECTED,),
        _S.MANUAL_REVIEW: (_S.REJECTED,),
        _S.CONFIRMED: _TAKEN_BACK,
        _S.ACTIVE: _TAKEN_BACK,
        _S.CANCEL_REQUESTED: (_S.CANCELLED,),
    },
    Said.CANCELLED: {
        _S.SUBMITTING: (_S.PENDING_PARTNER, *_TAKEN_BACK),
        _S.IN_DOUBT: (_S.SUBMITTING, _S.PENDING_PARTNER, *_TAKEN_BACK),
        _S.PENDING_PARTNER: _TAKEN_BACK,
        _S.WAITLISTED: (_S.CANCELLED,),
        _S.COMPENSATING: (_S.REJECTED,),
        _S.MANUAL_REVIEW: (_S.CANCELLED,),
        _S.CONFIRMED: _TAKEN_BACK,
        _S.ACTIVE: _TAKEN_BACK,
        _S.CANCEL_REQUESTED: (_S.CANCELLED,),
    },
}


def hear(filed: Filed, told: Told, now: datetime) -> Heard:
    """Return what a partner's saying makes of an enrolment; what is no news changes nothing."""
    status, said = filed.enrolment.status, told.said
    if status in GIVEN_UP:
        return Heard() if said in _BACK else _unwanted(filed, said)
    if status in _ENDED:
        is_known = said not in {*_BACK, *_ENDED.values()} or _ENDED[status] is said
        conflict = None if is_known else f"the partner says {said} of what is {status}"
        return Heard(Change((), told.columns), conflict)
    if status is _S.CANCEL_REQUESTED and said not in _BACK:
        return Heard(Change((), told.columns))  # the answer to our cancelling decides
    way = _way(filed, said)
    if way is None:
        return Heard()
    return Heard(to_change(filed, way, told, now))


def to_change(filed: Filed, way: Way, told: Told, now: datetime) -> Change:
    """Return the change that leads `filed` along `way`, with the money that goes with its end."""
    columns = dict(told.columns)
    if _S.CONFIRMED in way:
        columns |= {"settled_at": now}
    if way and way[-1] in PAID | GIVEN_UP:
        columns |= {"expected_by": None, "resumes_as": None}
    steps = tuple(_step(after, told) for after in way)
    return Change(steps, columns, closing_movement(filed, way[-1]) if way else None)


def closing_movement(filed: Filed, after: EnrolmentStatus) -> Movement | None:
    """Return the money that moves when an enrolment comes to stand so."""
    is_paid = (filed.resumes_as or filed.enrolment.status) in PAID
    if after in PAID:
        return None if is_paid else _moving(filed, MovementKind.CAPTURE)
    if after in GIVEN_UP:
        return _moving(filed, MovementKind.REFUND if is_paid else MovementKind.RELEASE)
    return None


def from_receipt(receipt: Receipt, now: datetime) -> Told:
    """Return what the answer to a call says, as far as it is fit to be shown."""
    reason = clean(receipt.reason) or receipt.status.value
    return Told(Said(receipt.status.value), now, reason, told_columns(receipt))


def told_columns(source: Any) -> dict[str, Any]:
    """Return a partner's words that are kept, as far as they are fit to be shown."""
    told = {
        "partner_reference": clean(source.partner_reference),
        "redeem_code": clean(source.redeem_code),
        "access_url": clean_url(source.access_url),
    }
    return {name: value for name, value in told.items() if value}


def clean(text: str | None) -> str:
    """Return one printable line of a partner's text, cut to a bearable length."""
    printable = "".join(c if c.isprintable() else " " for c in text or "")
    return " ".join(printable.split())[:_LONGEST_TEXT]


def clean_url(url: str | None) -> str | None:
    """Return an address that a learner may be shown, or None."""
    is_link = (url or "").startswith(("https://", "http://")) and len(url or "") <= _LONGEST_URL
    return url if is_link and url is not None and url.isprintable() else None


def _way(filed: Filed, said: Said) -> Way | None:
    """Return how to get where the partner says it is; None if there is no way from here."""
    status = filed.enrolment.status
    if said in _ENDED.values():
        begun = () if status is _S.ACTIVE else _WAYS[Said.REDEEMED].get(status)
        return None if begun is None else (*begun, _S(said.upper()))
    way = _WAYS[said].get(status)
    if status is _S.MANUAL_REVIEW and way is not None:
        return _way_out_of_review(filed, said, way)
    is_no_news = status is _S.ACTIVE and said in {Said.CONFIRMED, Said.REDEEMED}
    return () if is_no_news or _is_where(status, said) else way


def _way_out_of_review(filed: Filed, said: Said, way: Way) -> Way | None:
    """Return how a partner settles what a person was to look at.

    One that had been confirmed is there because it was to be cancelled.
    """
    if said in _BACK:
        return (_S.CANCELLED,) if filed.resumes_as else (_S.REJECTED,)
    return None if filed.resumes_as else way


def _is_where(status: EnrolmentStatus, said: Said) -> bool:
    pairs = {_S.PENDING_PARTNER: Said.PENDING, _S.WAITLISTED: Said.WAITLISTED}
    return pairs.get(status) is said


def _unwanted(filed: Filed, said: Said) -> Heard:
    """Return what to do about a booking that stands at the partner and no longer with us."""
    if filed.settled_at is not None and filed.enrolment.status is _S.EXPIRED:
        return Heard(conflict=f"the partner says {said} of what has expired unused")
    conflict = f"the partner says {said} of what we had given up; it is told to cancel"
    return Heard(conflict=conflict, is_unwanted=True)


def _moving(filed: Filed, kind: MovementKind) -> Movement:
    record = filed.enrolment
    return movement_of(kind, record.learner, record.id, record.price.amount)


_CAUSES = {
    _S.RESERVED: "the partner has a place",
    _S.SUBMITTING: "the partner has it",
    _S.PENDING_PARTNER: "the partner decides later",
    _S.WAITLISTED: "the partner put it on its waiting list",
    _S.CONFIRMED: "the partner confirmed",
    _S.ACTIVE: "the learner has begun",
    _S.COMPLETED: "the learner has passed",
    _S.NOT_PASSED: "the learner has not passed",
    _S.COMPENSATING: "the partner did not book it",
    _S.CANCEL_REQUESTED: "the partner takes it back",
    _S.CANCELLED: "the partner cancelled it",
}


def _step(after: EnrolmentStatus, told: Told) -> Step:
    if after is _S.REJECTED:
        return Step(after, Actor.PARTNER, f"the partner refused: {told.reason or told.said}")
    actor = Actor.SYSTEM if after is _S.COMPENSATING else Actor.PARTNER
    return Step(after, actor, _CAUSES[after])
