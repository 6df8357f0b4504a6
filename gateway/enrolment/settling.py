"""What a partner's answer to a booking, or its silence, means.  Pure: no I/O, no clock.

A verdict says how the enrolment changes and when, if at all, its errand goes on.  What a
partner says of cancellations is judged in `giving_back`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from adapters.base import Receipt
from adapters.errors import (
    PartnerAccessError,
    PartnerError,
    PartnerRefusedError,
    RetryablePartnerError,
)
from gateway.enrolment import hearing
from gateway.enrolment.filed import Change, Filed, Step
from gateway.enrolment.hearing import Said, Told, hear
from gateway.enrolment.outbox import Errand, NextStep, Operation
from gateway.partners.errors import HeldBackError
from gateway.partners.retry import retry_after
from schema.model.enrolment import Actor, EnrolmentStatus

_S = EnrolmentStatus


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
MENDING_SECONDS = 60.0  # until a partner is tried again that does not let us in
NotLetIn = HeldBackError | PartnerAccessError
_DECIDED_LATER = frozenset({_S.PENDING_PARTNER, _S.WAITLISTED})


@dataclass(frozen=True, slots=True)
class Again:
    """Go on with the errand after so many seconds."""

    step: NextStep
    wait: float
    attempts: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an enrolment and of its errand; no `again`: the errand is done.

    `then` is another errand that it makes necessary, and `conflict` what a person should see.
    """

    change: Change = field(default_factory=Change)
    again: Again | None = None
    then: Operation | None = None
    conflict: str | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges what came of bookings; after `max_attempts` a person looks at an unsettled one."""

    dice: Callable[[], float]
    max_attempts: int = 30

    def receipt(self, errand: Errand, receipt: Receipt, now: datetime) -> Verdict:
        """Settle by what the partner says became of the booking."""
        heard = hear(errand.filed, hearing.from_receipt(receipt, now), now)
        change, before = heard.change, errand.filed.enrolment.status
        after = change.steps[-1].after if change.steps else before
        if after not in _DECIDED_LATER:
            then = Operation.CANCEL if heard.is_unwanted else None
            return Verdict(change, then=then, conflict=heard.conflict)
        attempts = errand.attempts if after is before else 0  # a new wait starts short
        wait = POLLING.wait(attempts + 1, self.dice)
        return Verdict(change, Again(NextStep.ASK, wait, attempts))

    def absent(self, errand: Errand, now: datetime) -> Verdict:
        """Send again what the partner says it never saw; wait on for what it had promised.

        What comes too late to be sent is made sure of instead: it is cancelled there.
        """
        filed = errand.filed
        if filed.enrolment.status is not _S.IN_DOUBT:
            return self._go_on(errand, NextStep.ASK)
        if is_too_late(filed, now):
            step = Step(_S.COMPENSATING, Actor.SYSTEM, "not booked in time")
            return Verdict(Change((step,)), then=Operation.CANCEL)
        step = Step(_S.SUBMITTING, Actor.SYSTEM, "the partner never saw it")
        # It has just answered: only what fails counts, and makes us wait longer.
        again = Again(NextStep.SEND, REPEATING.wait(1, self.dice), errand.attempts - 1)
        return Verdict(Change((step,)), again)

    def failed(self, errand: Errand, error: PartnerError, now: datetime) -> Verdict:
        """Tell apart what surely did not happen, what never will, and what may have."""
        if isinstance(error, HeldBackError | PartnerAccessError):
            return self._not_let_in(errand, error, now)
        if errand.step is NextStep.SEND and isinstance(error, RetryablePartnerError):
            if is_too_late(errand.filed, now):
                return _refused(errand.filed, "it could not be reached in time", now)
            return self._go_on(errand, NextStep.SEND, error=error)
        if errand.step is NextStep.SEND and isinstance(error, PartnerRefusedError):
            return _refused(errand.filed, hearing.clean(error.reason), now)
        if errand.filed.enrolment.status is _S.SUBMITTING:
            step = Step(_S.IN_DOUBT, Actor.SYSTEM, hearing.clean(error.reason) or "no answer")
            return self._go_on(errand, NextStep.ASK, (step,), error=error)
        return self._go_on(errand, NextStep.ASK, error=error)

    def spent(self, errand: Errand) -> Verdict | None:
        """Return the verdict on an errand that has been taken too often to be tried again."""
        status = errand.filed.enrolment.status
        if errand.attempts < self.max_attempts or status in _DECIDED_LATER:
            return None
        return Verdict(Change(_giving_up(status)))

    def _not_let_in(self, errand: Errand, error: NotLetIn, now: datetime) -> Verdict:
        """Wait until the partner may be called, and lets us in: nothing has changed or counts."""
        if errand.step is NextStep.SEND and is_too_late(errand.filed, now):
            return _refused(errand.filed, "it could not be reached in time", now)
        return Verdict(again=not_called(errand, error, self.dice))

    def _go_on(
        self,
        errand: Errand,
        step: NextStep,
        steps: tuple[Step, ...] = (),
        error: PartnerError | None = None,
    ) -> Verdict:
        status = steps[-1].after if steps else errand.filed.enrolment.status
        if status in _DECIDED_LATER:  # it has our booking: no number of silences loses it
            wait = POLLING.wait(errand.attempts, self.dice)
        elif errand.attempts < self.max_attempts:
            wait = REPEATING.wait(errand.attempts, self.dice)
        else:
            return Verdict(Change(steps + _giving_up(status)))
        wait = max(wait, retry_after(error))
        return Verdict(Change(steps), Again(step, wait, errand.attempts))


def start(filed: Filed, step: NextStep, now: datetime) -> tuple[Change, NextStep] | None:
    """Return how taking a booking changes its enrolment and what to do; None if it is pointless."""
    match filed.enrolment.status, step:
        case _S.RESERVED, _:
            sending = Step(_S.SUBMITTING, Actor.SYSTEM, "sent to the partner")
            return Change((sending,), {"sent_at": now}), NextStep.SEND
        case _S.SUBMITTING, NextStep.SEND:
            return Change(), NextStep.SEND
        case _S.SUBMITTING, NextStep.ASK:
            doubt = Step(_S.IN_DOUBT, Actor.SYSTEM, "interrupted before the answer was recorded")
            return Change((doubt,)), NextStep.ASK
        case ((_S.IN_DOUBT | _S.PENDING_PARTNER | _S.WAITLISTED), _):
            return Change(), NextStep.ASK
        case _:
            return None


def not_called(errand: Errand, error: NotLetIn, dice: Callable[[], float]) -> Again:
    """Return how an errand goes on that our own guard held back, or the partner: as before.

    It is not counted, so that no number of them brings it before a person: what is wrong is not
    about this booking.
    """
    is_ours_to_mend = isinstance(error, PartnerAccessError)
    wait = MENDING_SECONDS if is_ours_to_mend else retry_after(error)
    wait += REPEATING.wait(1, dice)  # the dice spread those who wait alike
    return Again(errand.step, wait, errand.attempts - 1)


def is_too_late(filed: Filed, now: datetime) -> bool:
    """Return whether the time has passed for which money and seat are held."""
    return filed.hold_until is not None and now >= filed.hold_until


def _refused(filed: Filed, reason: str, now: datetime) -> Verdict:
    told = Told(Said.REJECTED, now, reason)
    return Verdict(hearing.to_change(filed, (_S.REJECTED,), told, now))


def _giving_up(status: EnrolmentStatus) -> tuple[Step, ...]:
    """Return the steps that bring an enrolment that cannot be settled before a person."""
    doubt = Step(_S.IN_DOUBT, Actor.SYSTEM, "too many attempts")
    review = Step(_S.MANUAL_REVIEW, Actor.SYSTEM, "too many attempts")
    if status is _S.RESERVED:
        sending = Step(_S.SUBMITTING, Actor.SYSTEM, "too many attempts")
        return (sending, doubt, review)
    return (doubt, review) if status is _S.SUBMITTING else (review,)
