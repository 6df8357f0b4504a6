"""Consent: what a learner has agreed to and taken back, by purpose; nothing is overwritten."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from gateway.enrolment.audit.records import Act, because, record, record_all
from gateway.storage.learner_tables import consent
from schema.model.learners import Consent, ConsentDecision
from schema.model.values import LearnerId

CONTACTING = "contact"  # the purpose under which contact data is read

_PURPOSE = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)
_ACTS = {
    ConsentDecision.GIVEN: Act.CONSENT_GIVEN,
    ConsentDecision.WITHDRAWN: Act.CONSENT_WITHDRAWN,
}


def is_purpose(text: str) -> bool:
    """Return whether a text can name a purpose: a short word, so that it holds no data."""
    return _PURPOSE.fullmatch(text) is not None


def decide(
    connection: Connection, learner: LearnerId, made: Consent, reason: str | None = None
) -> Consent:
    """Record a decision; the same again is the one that stands.  Needs the learner's lock."""
    purpose = made.purpose
    standing = read_standing(connection, [learner]).get((learner, purpose))
    if standing is not None and standing.decision is made.decision:
        return standing
    mine = (consent.c.learner_id == learner, consent.c.purpose == purpose)
    newest = connection.scalar(select(func.max(consent.c.number)).where(*mine)) or 0
    connection.execute(
        insert(consent).values(
            learner_id=learner,
            purpose=purpose,
            number=newest + 1,
            decision=made.decision,
            at=made.at,
            by=made.by,
        )
    )
    told, act = {"purpose": purpose, **because(reason)}, _ACTS[made.decision]
    record(connection, act, f"learner:{learner}", by=made.by, at=made.at, **told)
    return made


def give_first(
    connection: Connection, given: Collection[tuple[LearnerId, str]], *, by: str, now: datetime
) -> None:
    """Record consents about purposes on which nothing was decided yet, all at once."""
    if not given:
        return
    shared = {"number": 1, "decision": ConsentDecision.GIVEN, "at": now, "by": by}
    rows = [{"learner_id": learner, "purpose": purpose, **shared} for learner, purpose in given]
    connection.execute(insert(consent), rows)
    acts = [(f"learner:{learner}", {"purpose": purpose}) for learner, purpose in given]
    record_all(connection, Act.CONSENT_GIVEN, acts, by=by, at=now)


def read_consents(connection: Connection, learner: LearnerId) -> Sequence[Consent]:
    """Return a learner's decisions, oldest first."""
    rows = connection.execute(
        select(consent)
        .where(consent.c.learner_id == learner)
        .order_by(consent.c.at, consent.c.purpose, consent.c.number)
    )
    return [Consent(row.purpose, ConsentDecision(row.decision), row.at, row.by) for row in rows]


def read_standing(
    connection: Connection, learners: Collection[LearnerId]
) -> dict[tuple[LearnerId, str], Consent]:
    """Return the newest decision of each learner about each purpose."""
    rows = connection.execute(
        select(consent).where(consent.c.learner_id.in_(list(learners))).order_by(consent.c.number)
    )
    return {
        (LearnerId(row.learner_id), row.purpose): Consent(
            row.purpose, ConsentDecision(row.decision), row.at, row.by
        )
        for row in rows
    }
