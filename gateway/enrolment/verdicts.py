"""Carrying out verdicts: the enrolment, its errands and what a person should see, at once.

Functions of a connection, as in `ledger`.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.enrolment import disagreements, outbox, partner_reports
from gateway.enrolment.disagreements import DisagreementKind
from gateway.enrolment.filed import Filed
from gateway.enrolment.hearing import PAID
from gateway.enrolment.ledger import change_enrolment
from gateway.enrolment.outbox import Errand, NextStep, Operation
from gateway.enrolment.settling import Verdict
from schema.model.enrolment import EnrolmentStatus

NO_PLACE_WAIT = timedelta(minutes=15)  # before a partner's place that we lack is asked about again


def carry_out(connection: Connection, errand: Errand, verdict: Verdict, now: datetime) -> Filed:
    """Do all that a verdict says of an errand; return the enrolment as it is then."""
    filed = change_enrolment(connection, errand.filed, verdict.change, now)
    if verdict.again is None:
        outbox.finish(connection, errand)
    else:
        again = verdict.again
        at = now + timedelta(seconds=again.wait)
        outbox.put_off(connection, errand, again.step, at, attempts=again.attempts)
    if verdict.then is not None:
        outbox.put_errand(connection, filed, now, verdict.then, _first_step(verdict.then))
    kind, enrolment_id = DisagreementKind.PARTNER_DISAGREES, filed.enrolment.id
    if verdict.conflict is not None:
        disagreements.note(connection, enrolment_id, kind, verdict.conflict, now)
    elif errand.operation is Operation.CANCEL and verdict.again is None:
        disagreements.clear(connection, enrolment_id, kind)
    if errand.filed.enrolment.status is EnrolmentStatus.WAITLISTED and verdict.change.steps:
        disagreements.clear(connection, enrolment_id, DisagreementKind.NO_PLACE_LEFT)
    was_undecided = errand.filed.enrolment.status is EnrolmentStatus.CANCEL_REQUESTED
    if was_undecided and filed.enrolment.status in PAID:
        partner_reports.catch_up(connection, filed, now)  # what came in while it was not decided
    return filed


def wait_for_place(
    connection: Connection, errand: Errand, holder: str, now: datetime
) -> Verdict | None:
    """Leave on the list who has a place at the partner, and none of ours.

    Returns None if the errand is no longer `holder`'s.
    """
    if not outbox.is_held(connection, errand, holder):
        return None
    at, attempts = now + NO_PLACE_WAIT, errand.attempts
    outbox.put_off(connection, errand, NextStep.ASK, at, attempts=attempts)
    detail = "the partner gave a place, but none of ours is left"
    disagreements.note(
        connection, errand.filed.enrolment.id, DisagreementKind.NO_PLACE_LEFT, detail, now
    )
    return Verdict()


def _first_step(operation: Operation) -> NextStep:
    """Return how a further errand begins: what was booked once is not booked again."""
    return NextStep.SEND if operation is Operation.CANCEL else NextStep.ASK
