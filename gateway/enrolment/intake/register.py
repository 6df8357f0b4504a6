"""Writing learners' rows: one transaction for some rows, whose caller commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from sqlalchemy import Connection, select

from gateway.enrolment.audit.records import Act, because, record
from gateway.enrolment.intake.rows import LearnerRow
from gateway.enrolment.privacy import consents, contacts, national_ids
from gateway.enrolment.privacy.contacts import Contact
from gateway.enrolment.privacy.keyring import Keyring, KeyringError, Purpose, confirm
from gateway.enrolment.privacy.national_ids import Mark, Owners
from gateway.storage.ledger_tables import learner
from gateway.storage.upsert import insert_into
from schema.model.learners import ConsentDecision, ImportOutcome, RejectedRow
from schema.model.values import LearnerId

NATIONAL_IDS_UNCHECKED = (
    "national ids are not checked for duplicates, nor kept: MITRA_NATIONAL_ID_KEYS is not set"
)
CONTACTS_LEFT_OUT = "contact data is left out: MITRA_CONTACT_KEYS is not set"


@dataclass(frozen=True, slots=True)
class Keyrings:
    """The keys for what is personal; without one its data is not kept."""

    national_ids: Keyring | None = None
    contacts: Keyring | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is stored of a learner, as far as a row may change it."""

    scheme: str
    announced_on: date
    birth_date: date | None
    in_formal_education: bool


class _Fate(Enum):
    IMPORTED = "imported"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(slots=True)
class _Intake:
    """What is known while rows are gone through, and what is to be written of them.

    A trouble says why nothing that needs those keys can be taken.
    """

    keyrings: Keyrings
    known: dict[LearnerId, _Known]
    owners: Owners = field(default_factory=dict)
    contacts: dict[LearnerId, Contact] = field(default_factory=dict)
    standing: dict[tuple[LearnerId, str], ConsentDecision] = field(default_factory=dict)
    troubles: Mapping[Purpose, str] = field(default_factory=dict)
    changed: dict[LearnerId, _Known] = field(default_factory=dict)
    marks: dict[LearnerId, Mark] = field(default_factory=dict)
    new_contacts: dict[LearnerId, Contact] = field(default_factory=dict)
    agreed: dict[tuple[LearnerId, str], None] = field(default_factory=dict)

    def take(self, row: LearnerRow) -> _Fate:
        """Take one row in.  Raises `ValueError` for one that must be left out."""
        self._check(row)
        told = _Known(row.scheme, row.announced_on, row.birth_date, row.in_formal_education)
        before = self.known.get(row.reference)
        if told != before:
            self.changed[row.reference] = self.known[row.reference] = told
        news = [self._mark(row), self._reach(row), self._agree(row)]
        if before is None:
            return _Fate.IMPORTED
        return _Fate.UPDATED if told != before or any(news) else _Fate.UNCHANGED

    def _check(self, row: LearnerRow) -> None:
        if row.national_id and (trouble := self.troubles.get(Purpose.NATIONAL_IDS)):
            raise ValueError(trouble)
        if row.contact and (trouble := self.troubles.get(Purpose.CONTACTS)):
            raise ValueError(trouble)
        if any(self.owners.get(mark, row.reference) != row.reference for mark in self._marks(row)):
            raise ValueError("another learner has this national id")

    def _marks(self, row: LearnerRow) -> tuple[Mark, ...]:
        keyring = self.keyrings.national_ids
        return (
            national_ids.to_marks(keyring, row.national_id) if keyring and row.national_id else ()
        )

    def _mark(self, row: LearnerRow) -> bool:
        marks = self._marks(row)
        if not marks or marks[0] in self.owners:
            return False
        for mark, owner in list(self.owners.items()):
            if owner == row.reference:
                del self.owners[mark]
        self.owners[marks[0]] = row.reference
        self.marks[row.reference] = marks[0]
        return True

    def _reach(self, row: LearnerRow) -> bool:
        is_news = bool(row.contact) and self.contacts.get(row.reference) != row.contact
        if not is_news or self.keyrings.contacts is None:
            return False
        self.contacts[row.reference] = self.new_contacts[row.reference] = row.contact
        return True

    def _agree(self, row: LearnerRow) -> bool:
        new = [
            (row.reference, purpose)
            for purpose in row.consents
            if self.standing.get((row.reference, purpose)) is None
        ]
        for each in new:
            self.standing[each] = ConsentDecision.GIVEN
            self.agreed[each] = None
        return bool(new)


def import_rows(
    connection: Connection,
    rows: Sequence[LearnerRow],
    keyrings: Keyrings,
    *,
    by: str,
    now: datetime,
    reason: str | None = None,
) -> ImportOutcome:
    """Make learners known, or bring them up to date; the last row of a learner counts.

    A consent that a learner has withdrawn is not given again by a row.
    """
    national_ids.lock_marks(connection)
    intake = _prepare(connection, rows, keyrings)
    fates = dict.fromkeys(_Fate, 0)
    rejected = []
    for row in rows:
        try:
            fates[intake.take(row)] += 1
        except ValueError as exc:
            rejected.append(RejectedRow(row.number, str(exc)))
    _write(connection, intake, by, now)
    counts = {fate.value: number for fate, number in fates.items()}
    if fates[_Fate.IMPORTED] or fates[_Fate.UPDATED]:
        place = f"rows {rows[0].number} to {rows[-1].number}"
        told = {**counts, **because(reason)}
        record(connection, Act.LEARNERS_IMPORTED, place, by=by, at=now, **told)
    return ImportOutcome(**counts, rejected=tuple(rejected), notes=_notes(rows, keyrings))


def _prepare(connection: Connection, rows: Sequence[LearnerRow], keyrings: Keyrings) -> _Intake:
    learners = list(dict.fromkeys(row.reference for row in rows))
    troubles = {}
    for purpose, keyring, is_told in (
        (Purpose.NATIONAL_IDS, keyrings.national_ids, any(row.national_id for row in rows)),
        (Purpose.CONTACTS, keyrings.contacts, any(row.contact for row in rows)),
    ):
        try:
            if is_told:
                confirm(connection, purpose, keyring)
        except KeyringError as exc:
            troubles[purpose] = str(exc)
    intake = _Intake(keyrings, _read_known(connection, learners), troubles=troubles)
    if keyrings.national_ids and Purpose.NATIONAL_IDS not in troubles:
        marks = [mark for row in rows for mark in intake._marks(row)]  # noqa: SLF001 - one module
        intake.owners = national_ids.read_owners(connection, marks)
    if keyrings.contacts and Purpose.CONTACTS not in troubles:
        told = [row.reference for row in rows if row.contact]
        try:
            intake.contacts = contacts.read_contacts(connection, keyrings.contacts, told)
        except KeyringError as exc:
            troubles[Purpose.CONTACTS] = str(exc)
    if any(row.consents for row in rows):
        standing = consents.read_standing(connection, learners)
        intake.standing = {each: decided.decision for each, decided in standing.items()}
    return intake


def _read_known(connection: Connection, learners: Sequence[LearnerId]) -> dict[LearnerId, _Known]:
    """Return what is stored of those who are known; who was erased is not."""
    rows = connection.execute(
        select(learner)
        .where(learner.c.id.in_(learners), learner.c.erased_at.is_(None))
        .order_by(learner.c.id)
        .with_for_update(key_share=True)
    )
    return {
        LearnerId(row.id): _Known(
            row.scheme, row.announced_on, row.birth_date, row.in_formal_education
        )
        for row in rows
    }


def _write(connection: Connection, intake: _Intake, by: str, now: datetime) -> None:
    if intake.changed:
        insert = insert_into(connection, learner)
        names = ("scheme", "announced_on", "birth_date", "in_formal_education", "erased_at")
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["id"], set_={name: insert.excluded[name] for name in names}
            ),
            [
                {
                    "id": reference,
                    "scheme": told.scheme,
                    "announced_on": told.announced_on,
                    "birth_date": told.birth_date,
                    "in_formal_education": told.in_formal_education,
                    "provisioned_at": now,
                    "erased_at": None,
                }
                for reference, told in sorted(intake.changed.items())
            ],
        )
    national_ids.write_marks(connection, intake.marks)
    if intake.keyrings.contacts:
        contacts.write_contacts(connection, intake.keyrings.contacts, intake.new_contacts, now)
    consents.give_first(connection, intake.agreed, by=by, now=now)


def _notes(rows: Sequence[LearnerRow], keyrings: Keyrings) -> tuple[str, ...]:
    notes = []
    if keyrings.national_ids is None and any(row.national_id for row in rows):
        notes.append(NATIONAL_IDS_UNCHECKED)
    if keyrings.contacts is None and any(row.contact for row in rows):
        notes.append(CONTACTS_LEFT_OUT)
    return tuple(notes)
