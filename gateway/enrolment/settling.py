"""What a partner's answer, or its silence, means for an enrolment.  Pure: no I/O, no clock.

A verdict says how the enrolment changes and when, if at all, its errand goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.base import Receipt, ReceiptStatus
from adapters.errors import (
    PartnerError,
    PartnerRefusedError,
    RetryablePartnerError,
)
from gateway.enrolment.ledger import Change, Filed, Step
from gateway.enrolment.money import MovementKind, movement_of
from gateway.enrolment.outbox import Errand, NextStep
from gateway.partners.retry import retry_after
from schema.model.enrolment import Actor, EnrolmentStatus

_S = EnrolmentStatus
_LONGEST_TEXT, _LONGEST_URL = 200, 2_000


@dataclass(frozen=True, slots=True)
class Backoff:
    """Growing waits in seconds, each with half of it left to the dice."""

    first: float
    longest: float

    def wait(self, attempts: int, dice: Callable[[], float]) -> float:
        """Return how long to wait after so many attempts."""
        full = min(self.longest, self.first * 2.0 ** min(attempts - 1, 30))
        return full * (1 + dice()) / 2


REPEATING = Backoff(first=0.5, longest=300.0)
POLLING = Backoff(first=2.0, longest=900.0)  # partners that decide later


@dataclass(frozen=True, slots=True)
class Again:
    """Go on with the errand after so many seconds."""

    step: NextStep
    wait: float
    attempts: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an enrolment and of its errand; no `again`: the errand is done."""

    change: Change = field(default_factory=Change)
    again: Again | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges what came of errands; after `max_attempts` a person looks at an unsettled one."""

    dice: Callable[[], float]
    max_attempts: int = 30

    def receipt(self, errand: Errand, receipt: Receipt, now: datetime) -> Verdict:
        """Settle by what the partner says became of the booking."""
        change = to_change(errand.filed, receipt, now)
        if receipt.status is not ReceiptStatus.PENDING:
            return Verdict(change)
        attempts = 0 if change.steps else errand.attempts  # a new wait starts short
        wait = POLLING.wait(attempts + 1, self.dice)
        return Verdict(change, Again(NextStep.ASK, wait, attempts))

    def absent(self, errand: Errand) -> Verdict:
        """Send again what the partner says it never saw; wait on for what it had promised."""
        if errand.filed.enrolment.status is _S.IN_DOUBT:
            step = Step(_S.SUBMITTING, Actor.SYSTEM, "the partner never saw it")
            return self._go_on(errand, NextStep.SEND, (step,))
        return self._go_on(errand, NextStep.ASK)

    def failed(self, errand: Errand, error: PartnerError) -> Verdict:
        """Tell apart what surely did not happen, what never will, and what may have."""
        if errand.step is NextStep.SEND and isinstance(error, RetryablePartnerError):
            return self._go_on(errand, NextStep.SEND, error=error)
        if errand.step is NextStep.SEND and isinstance(error, PartnerRefusedError):
            cause = f"the partner refused: {_clean(error.reason)}"
            return Verdict(_rejection(errand.filed, (), cause))
        if errand.filed.enrolment.status is _S.SUBMITTING:
            step = Step(_S.IN_DOUBT, Actor.SYSTEM, _clean(error.reason) or "no answer")
            return self._go_on(errand, NextStep.ASK, (step,), error=error)
        return self._go_on(errand, NextStep.ASK, error=error)

    def _go_on(
        self,
        errand: Errand,
        step: NextStep,
        steps: tuple[Step, ...] = (),
        error: PartnerError | None = None,
    ) -> Verdict:
        status = steps[-1].after if steps else errand.filed.enrolment.status
        if status is _S.PENDING_PARTNER:  # it has our booking: no number of silences loses it
            wait = POLLING.wait(errand.attempts, self.dice)
        elif errand.attempts < self.max_attempts:
            wait = REPEATING.wait(errand.attempts, self.dice)
        else:
            return Verdict(Change(steps + _giving_up(status)))
        wait = max(wait, retry_after(error))
        return Verdict(Change(steps), Again(step, wait, errand.attempts))


def start(filed: Filed, step: NextStep) -> tuple[Change, NextStep] | None:
    """Return how taking an errand changes its enrolment and what to do; None if it is pointless."""
    match filed.enrolment.status, step:
        case _S.RESERVED, _:
            sending = Step(_S.SUBMITTING, Actor.SYSTEM, "sent to the partner")
            return Change((sending,)), NextStep.SEND
        case _S.SUBMITTING, NextStep.SEND:
            return Change(), NextStep.SEND
        case _S.SUBMITTING, NextStep.ASK:
            doubt = Step(_S.IN_DOUBT, Actor.SYSTEM, "interrupted before the answer was recorded")
            return Change((doubt,)), NextStep.ASK
        case ((_S.IN_DOUBT | _S.PENDING_PARTNER), _):
            return Change(), NextStep.ASK
        case _:
            return None


def to_change(filed: Filed, receipt: Receipt, now: datetime) -> Change:
    """Return how a receipt changes an unsettled enrolment; money moves only with its end."""
    record, in_doubt = filed.enrolment, filed.enrolment.status is _S.IN_DOUBT
    told = _told_columns(receipt)
    if receipt.status is ReceiptStatus.CONFIRMED:
        step = Step(_S.CONFIRMED, Actor.PARTNER, "the partner confirmed")
        capture = movement_of(MovementKind.CAPTURE, record.learner, record.id, record.price.amount)
        return Change((step,), {**told, "settled_at": now, "expected_by": None}, capture)
    if receipt.status in {ReceiptStatus.PENDING, ReceiptStatus.WAITLISTED}:
        return Change(_waiting_steps(filed, receipt.status), told)
    compensating = Step(_S.COMPENSATING, Actor.SYSTEM, "the partner did not book it")
    reason = _clean(receipt.reason) or receipt.status.value
    before = (compensating,) if in_doubt else ()
    return _rejection(filed, before, f"the partner refused: {reason}", told)


def _waiting_steps(filed: Filed, told: ReceiptStatus) -> tuple[Step, ...]:
    found = Step(_S.SUBMITTING, Actor.PARTNER, "the partner has it")
    before = (found,) if filed.enrolment.status is _S.IN_DOUBT else ()
    if told is ReceiptStatus.WAITLISTED:
        return (
            *before,
            Step(_S.WAITLISTED, Actor.PARTNER, "the partner put it on its waiting list"),
        )
    if filed.enrolment.status is _S.PENDING_PARTNER:
        return ()
    return (*before, Step(_S.PENDING_PARTNER, Actor.PARTNER, "the partner decides later"))


def _rejection(
    filed: Filed, before: tuple[Step, ...], cause: str, columns: dict[str, Any] | None = None
) -> Change:
    record = filed.enrolment
    release = movement_of(MovementKind.RELEASE, record.learner, record.id, record.price.amount)
    step = Step(_S.REJECTED, Actor.PARTNER, cause)
    return Change((*before, step), {**(columns or {}), "expected_by": None}, release)


def _giving_up(status: EnrolmentStatus) -> tuple[Step, ...]:
    """Return the steps that bring an enrolment that cannot be settled before a person."""
    doubt = Step(_S.IN_DOUBT, Actor.SYSTEM, "too many attempts")
    review = Step(_S.MANUAL_REVIEW, Actor.SYSTEM, "too many attempts")
    return (review,) if status is _S.IN_DOUBT else (doubt, review)


def _told_columns(receipt: Receipt) -> dict[str, Any]:
    """Return the partner's words that are kept, as far as they are fit to be shown."""
    url = receipt.access_url or ""
    is_link = url.startswith(("https://", "http://")) and len(url) <= _LONGEST_URL
    told = {
        "partner_reference": _clean(receipt.partner_reference),
        "redeem_code": _clean(receipt.redeem_code),
        "access_url": url if is_link and url.isprintable() else None,
    }
    return {name: value for name, value in told.items() if value}


def _clean(text: str | None) -> str:
    """Return one printable line of a partner's text, cut to a bearable length."""
    printable = "".join(c if c.isprintable() else " " for c in text or "")
    return " ".join(printable.split())[:_LONGEST_TEXT]
