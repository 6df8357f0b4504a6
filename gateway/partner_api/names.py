"""The name under which a partner knows who bought from it, if the learner agrees to that."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from gateway.enrolment.audit.records import Act, record
from gateway.enrolment.privacy import consents
from gateway.enrolment.privacy.contacts import read_contacts
from gateway.enrolment.privacy.keyring import Keyring
from gateway.storage.engine import Database
from schema.model.learners import ConsentDecision
from schema.model.values import LearnerId, PartnerCode

PURPOSE = "partners"  # the consent under which a partner is told the name


class LearnerNames:
    """Reads names, and writes down that they were read."""

    def __init__(
        self, ledger: Database, contacts: Keyring | None, now: Callable[[], datetime]
    ) -> None:
        self._ledger = ledger
        self._contacts = contacts
        self._now = now

    async def read_name(self, learner: LearnerId, partner: PartnerCode) -> str:
        """Return a learner's name; empty without their consent, or where none is kept."""
        keyring, now = self._contacts, self._now()
        if keyring is None or not await self._ledger.read(lambda c: _has_agreed(c, learner)):
            return ""

        def ask(connection: Connection) -> str:
            found = read_contacts(connection, keyring, [learner]).get(learner)
            if found is None or not found.name:
                return ""
            by = f"partner:{partner}"
            record(connection, Act.CONTACT_READ, f"learner:{learner}", by=by, at=now)
            return found.name

        return await self._ledger.write(ask)


def _has_agreed(connection: Connection, learner: LearnerId) -> bool:
    consent = consents.read_standing(connection, [learner]).get((learner, PURPOSE))
    return consent is not None and consent.decision is ConsentDecision.GIVEN
