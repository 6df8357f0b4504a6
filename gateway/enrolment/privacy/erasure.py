"""Being forgotten: what is personal goes, what is owed to the public stays.

The ledger and the audit trail know a learner by an opaque reference alone, so they stay whole.
An enrolment under way goes on; new ones need the learner to be imported again.
"""

from datetime import datetime

from sqlalchemy import Connection, func, select, update

from gateway.enrolment.audit.records import Act, because, record
from gateway.enrolment.ledger import is_live
from gateway.enrolment.privacy.consents import decide, read_standing
from gateway.enrolment.privacy.contacts import destroy_contact
from gateway.enrolment.privacy.emails import forget_emails
from gateway.enrolment.privacy.national_ids import forget_marks
from gateway.storage.ledger_tables import enrolment, learner
from schema.model.learners import Consent, ConsentDecision, Erasure
from schema.model.values import LearnerId


def erase(
    connection: Connection,
    learner_id: LearnerId,
    *,
    by: str,
    now: datetime,
    reason: str | None = None,
) -> Erasure:
    """Erase a learner; one who is erased already stays as they are."""
    mine = learner.c.id == learner_id
    row = connection.execute(
        select(learner.c.erased_at).where(mine).with_for_update(key_share=True)
    ).first()
    if row is None:
        return Erasure(None)
    live = select(func.count()).where(enrolment.c.learner_id == learner_id, is_live())
    under_way = connection.execute(live).scalar_one()
    if row.erased_at is not None:
        return Erasure(row.erased_at, under_way)
    destroy_contact(connection, learner_id)
    forget_marks(connection, [learner_id])
    forget_emails(connection, learner_id)
    for (_, purpose), standing in read_standing(connection, [learner_id]).items():
        if standing.decision is ConsentDecision.GIVEN:
            withdrawn = Consent(purpose, ConsentDecision.WITHDRAWN, now, by)
            decide(connection, learner_id, withdrawn)
    connection.execute(update(learner).where(mine).values(birth_date=None, erased_at=now))
    target = f"learner:{learner_id}"
    record(connection, Act.LEARNER_ERASED, target, by=by, at=now, **because(reason))
    return Erasure(now, under_way)
