"""The learners' desk: what operators do about learners, one transaction at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import Connection, select

from gateway.enrolment.audit.records import Act, record
from gateway.enrolment.intake import grants
from gateway.enrolment.intake.register import Keyrings, import_rows
from gateway.enrolment.intake.rows import BadRowError, to_grant, to_learner
from gateway.enrolment.privacy import consents, contacts, erasure
from gateway.enrolment.privacy.contacts import Contact
from gateway.enrolment.privacy.keyring import KeyringError, Purpose, confirm
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import learner as learner_table
from schema.model.learners import (
    Consent,
    ConsentDecision,
    Erasure,
    GrantsOutcome,
    ImportOutcome,
    RawRow,
    RejectedRow,
)
from schema.model.values import LearnerId

REWRAPPED_AT_ONCE = 500
EXPIRED_AT_ONCE = 200

Row = TypeVar("Row")


class NoConsentError(RuntimeError):
    """The learner has not agreed to this use of their data, or no longer does."""


class LearnerRegister:
    """Brings in learners and grants, and forgets: implements `schema.learner_ports.LearnerDesk`."""

    def __init__(self, ledger: Database, keyrings: Keyrings, now: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._keyrings = keyrings
        self._now = now

    async def import_learners(
        self, rows: Sequence[RawRow], by: str, reason: str | None = None
    ) -> ImportOutcome:
        """Make learners known, or bring what is known up to date; a bad row is left out."""
        good, bad = _sorted_out(rows, to_learner)
        if not good:
            return ImportOutcome(rejected=bad)
        now = self._now()
        outcome = await self._ledger.write(
            lambda connection: import_rows(
                connection, good, self._keyrings, by=by, now=now, reason=reason
            )
        )
        return replace(outcome, rejected=_merged(bad, outcome.rejected))

    async def post_grants(
        self, batch: str, rows: Sequence[RawRow], by: str, reason: str | None = None
    ) -> GrantsOutcome:
        """Post grants; a row of a batch that was posted before is not posted again."""
        good, bad = _sorted_out(rows, to_grant)
        if not good:
            return GrantsOutcome(rejected=bad)
        now = self._now()
        outcome = await self._ledger.write(
            lambda connection: grants.post_rows(
                connection, batch, good, by=by, now=now, reason=reason
            )
        )
        return replace(outcome, rejected=_merged(bad, outcome.rejected))

    async def expire_idle(self, announced_until: date, last_day: date, by: str) -> tuple[int, int]:
        """Return to the state what those have who were announced by a day and never bought.

        Return how many learners that were, and how much money.
        """
        learners, money, after = 0, 0, ""
        while True:
            idle, expired = await self._ledger.write(
                lambda connection, start=after: self._expire_some(  # type: ignore[misc]
                    connection, (announced_until, last_day), start, by
                )
            )
            if not idle:
                return learners, money
            learners += sum(amount > 0 for amount in expired)
            money += sum(expired)
            after = idle[-1]

    async def erase(self, learner: LearnerId, by: str, reason: str | None = None) -> Erasure:
        """Destroy what is personal about a learner; ledger and audit stay."""
        now = self._now()
        return await self._ledger.write(
            lambda connection: erasure.erase(connection, learner, by=by, now=now, reason=reason)
        )

    async def decide_consent(
        self,
        learner: LearnerId,
        purpose: str,
        decision: ConsentDecision,
        by: str,
        reason: str | None = None,
    ) -> Consent | None:
        """Record a learner's decision; the same again is the one that stands.  None: unknown.

        Raises `ValueError` for what is no purpose.
        """
        if not consents.is_purpose(purpose):
            raise ValueError("a purpose is a short word in small letters, such as contact")
        made = Consent(purpose, decision, self._now(), by)

        def change(connection: Connection) -> Consent | None:
            if not _lock(connection, learner):
                return None
            return consents.decide(connection, learner, made, reason)

        return await self._ledger.write(change)

    async def read_consents(self, learner: LearnerId) -> Sequence[Consent]:
        """Return a learner's decisions, oldest first."""
        return await self._ledger.read(
            lambda connection: consents.read_consents(connection, learner)
        )

    async def read_contact(self, learner: LearnerId, by: str) -> Contact | None:
        """Return how a learner is reached, and write down that it was read; None: unknown.

        Raises `NoConsentError` without their standing consent, and `KeyringError`.
        """
        keyring, now = self._keyrings.contacts, self._now()
        if keyring is None:
            raise KeyringError("contact data cannot be read: set MITRA_CONTACT_KEYS")

        def ask(connection: Connection) -> Contact | None:
            confirm(connection, Purpose.CONTACTS, keyring)
            standing = consents.read_standing(connection, [learner])
            consent = standing.get((learner, consents.CONTACTING))
            if consent is None or consent.decision is not ConsentDecision.GIVEN:
                raise NoConsentError("the learner has not agreed to be contacted, or no longer")
            found = contacts.read_contacts(connection, keyring, [learner]).get(learner)
            if found is not None:
                record(connection, Act.CONTACT_READ, f"learner:{learner}", by=by, at=now)
            return found

        return await self._ledger.write(ask)

    async def rewrap_data_keys(self, by: str) -> int:
        """Wrap all learners' keys by the newest outside key; return how many were not.

        It may be stopped at any time, and goes on where it was.  Raises `KeyringError`.
        """
        keyring = self._keyrings.contacts
        if keyring is None:
            raise KeyringError("there is nothing to wrap keys by: set MITRA_CONTACT_KEYS")

        def change(connection: Connection) -> int:
            confirm(connection, Purpose.CONTACTS, keyring)
            done = contacts.rewrap(connection, keyring, REWRAPPED_AT_ONCE)
            if done:
                told = {"keys": done, "version": keyring.current}
                target = Purpose.CONTACTS.value
                now = self._now()
                record(connection, Act.DATA_KEYS_REWRAPPED, target, by=by, at=now, **told)
            return done

        rewrapped = 0
        while done := await self._ledger.write(change):
            rewrapped += done
        return rewrapped

    def _expire_some(
        self, connection: Connection, days: tuple[date, date], after: str, by: str
    ) -> tuple[list[LearnerId], list[int]]:
        announced_until, last_day = days
        idle = grants.read_idle(connection, announced_until, after, EXPIRED_AT_ONCE)
        now = self._now()
        _lock_all(connection, idle)
        still = set(grants.read_idle(connection, announced_until, after, EXPIRED_AT_ONCE))
        return idle, [
            grants.expire(connection, each, last_day, by=by, now=now)
            for each in idle
            if each in still  # whoever bought meanwhile keeps the rest
        ]


def _sorted_out(
    rows: Sequence[RawRow], read: Callable[[RawRow], Row]
) -> tuple[list[Row], tuple[RejectedRow, ...]]:
    good, bad = [], []
    for row in rows:
        try:
            good.append(read(row))
        except BadRowError as exc:
            bad.append(RejectedRow(row.number, str(exc)))
    return good, tuple(bad)


def _merged(*rejected: Sequence[RejectedRow]) -> tuple[RejectedRow, ...]:
    return tuple(sorted((row for rows in rejected for row in rows), key=lambda row: row.number))


def _lock(connection: Connection, learner: LearnerId) -> bool:
    row = select(learner_table.c.id).where(
        learner_table.c.id == learner, learner_table.c.erased_at.is_(None)
    )
    return connection.execute(row.with_for_update(key_share=True)).first() is not None


def _lock_all(connection: Connection, learners: Sequence[LearnerId]) -> None:
    rows = select(learner_table.c.id).where(learner_table.c.id.in_(learners))
    ordered = rows.order_by(learner_table.c.id)
    connection.execute(ordered.with_for_update(key_share=True)).all()
