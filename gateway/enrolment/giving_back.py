"""What a partner's answer to a cancellation, or its silence, means.  Pure, as `settling`.

Cancelling is asked for by the learner (CANCEL_REQUESTED), by us to make sure that nothing
stands (COMPENSATING), and for what we had given up when the partner booked it after all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapters.base import Receipt, ReceiptStatus
from adapters.errors import (
    PartnerAccessError,
    PartnerError,
    PartnerRefusedError,
    RetryablePartnerError,
)
from gateway.enrolment import hearing
from gateway.enrolment.filed import Change, Filed, Step
from gateway.enrolment.hearing import GIVEN_UP, Said, Told, hear
from gateway.enrolment.outbox import Errand, NextStep, Operation
from gateway.enrolment.settling import REPEATING, Again, Verdict, not_called
from gateway.partners.errors import HeldBackError
from gateway.partners.retry import retry_after
from schema.model.enrolment import Actor, EnrolmentStatus

_S = EnrolmentStatus
_GONE = frozenset({ReceiptStatus.CANCELLED, ReceiptStatus.REJECTED})


@dataclass(frozen=True, slots=True)
class ReturnJudge:
    """Judges what came of cancellations; after `max_attempts` a person looks at it."""

    dice: Callable[[], float]
    max_attempts: int = 30

    def receipt(self, errand: Errand, receipt: Receipt, now: datetime) -> Verdict:
        """Settle by what stands at the partner after it was asked to cancel."""
        if receipt.status in _GONE:
            return self.absent(errand, now)
        if errand.step is NextStep.ASK:  # our cancelling never arrived
            return self._go_on(errand, NextStep.SEND)
        return _kept(errand.filed, receipt, now)

    def absent(self, errand: Errand, now: datetime) -> Verdict:
        """Give money and seat back: nothing stands at the partner."""
        gone = Told(Said.CANCELLED, now, "nothing stands there")
        return Verdict(hear(errand.filed, gone, now).change)

    def failed(self, errand: Errand, error: PartnerError, now: datetime) -> Verdict:
        """Ask what stands after a refusal and after what may have happened."""
        del now
        if isinstance(error, HeldBackError | PartnerAccessError):
            return Verdict(again=not_called(errand, error, self.dice))
        if errand.step is NextStep.SEND and isinstance(error, RetryablePartnerError):
            return self._go_on(errand, NextStep.SEND, error)
        if errand.step is NextStep.SEND and isinstance(error, PartnerRefusedError):
            return self._go_on(errand, NextStep.VERIFY, error)
        return self._go_on(errand, errand.step.asking, error)

    def spent(self, errand: Errand) -> Verdict | None:
        """Return the verdict on an errand that has been taken too often to be tried again."""
        return _given_up(errand.filed) if errand.attempts >= self.max_attempts else None

    def _go_on(self, errand: Errand, step: NextStep, error: PartnerError | None = None) -> Verdict:
        if errand.attempts >= self.max_attempts:
            return _given_up(errand.filed)
        wait = max(REPEATING.wait(errand.attempts, self.dice), retry_after(error))
        return Verdict(again=Again(step, wait, errand.attempts))


def start(filed: Filed, step: NextStep) -> tuple[Change, NextStep] | None:
    """Return what to do about a cancellation; None when there is nothing left to cancel."""
    wanted = {_S.CANCEL_REQUESTED, _S.COMPENSATING} | GIVEN_UP
    return (Change(), step) if filed.enrolment.status in wanted else None


def to_back(filed: Filed, cause: str, actor: Actor) -> Change:
    """Return the change that lets an enrolment stand again as before it was to be cancelled."""
    if filed.resumes_as is None:
        raise ValueError(f"{filed.enrolment.id} has nothing to go back to")
    return Change(
        (Step(filed.resumes_as, actor, cause),), {"resumes_as": None, "expected_by": None}
    )


def _kept(filed: Filed, receipt: Receipt, now: datetime) -> Verdict:
    """Return what it means that the partner would not cancel what it has."""
    status, reason = filed.enrolment.status, hearing.clean(receipt.reason) or "no reason told"
    if status is _S.CANCEL_REQUESTED:
        return _back(filed, receipt, f"the partner would not cancel: {reason}", now)
    conflict = f"the partner would not cancel what we gave up: {reason}"
    return _given_up(filed, conflict)


def _back(filed: Filed, receipt: Receipt, cause: str, now: datetime) -> Verdict:
    """Return to what stood before, or to what the partner has made of it since."""
    was_pending = filed.resumes_as is _S.PENDING_PARTNER
    if was_pending and receipt.status is ReceiptStatus.CONFIRMED:
        told = hearing.from_receipt(receipt, now)
        return Verdict(hearing.to_change(filed, (_S.CONFIRMED,), told, now))
    then = Operation.ENROL if was_pending else None  # it is asked about again
    return Verdict(to_back(filed, cause, Actor.PARTNER), then=then)


def _given_up(filed: Filed, conflict: str = "too many attempts to cancel") -> Verdict:
    if filed.enrolment.status in GIVEN_UP:
        return Verdict(conflict=conflict)
    return Verdict(Change((Step(_S.MANUAL_REVIEW, Actor.SYSTEM, conflict),)))
