"""Carrying out verdicts: the enrolment, its errands and what a person should see, at once.

Functions of a connection, as in `ledger`.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.enrolment import findings, outbox
from gateway.enrolment.findings import FindingKind
from gateway.enrolment.ledger import Filed, change_enrolment
from gateway.enrolment.outbox import Errand, NextStep, Operation
from gateway.enrolment.settling import Verdict

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
    if verdict.conflict is not None:
        kind = FindingKind.PARTNER_DISAGREES
        findings.note(connection, filed.enrolment.id, kind, verdict.conflict, now)
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
    findings.note(connection, errand.filed.enrolment.id, FindingKind.NO_PLACE_LEFT, detail, now)
    return Verdict()


def _first_step(operation: Operation) -> NextStep:
    """Return how a further errand begins: what was booked once is not booked again."""
    return NextStep.SEND if operation is Operation.CANCEL else NextStep.ASK
