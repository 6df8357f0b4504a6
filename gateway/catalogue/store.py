"""What the catalogue database answers: to the read model, to enrolling, to operators.

All reads; writing is `sync`'s alone.  Times are aware, in UTC.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, func, not_, select

from gateway.catalogue.facts import FactReader, Sells
from gateway.catalogue.records import ShortReader, from_payload
from gateway.catalogue.runs import RunOutcome
from gateway.catalogue.visibility import is_on_sale
from gateway.storage.catalogue_tables import (
    change_log,
    course,
    institution,
    offering,
    redirect,
    revision,
)
from gateway.storage.engine import Database
from gateway.storage.sync_tables import left_out, partner_status, quarantine, sync_run, unknown_term
from schema.model.blocks import Approval
from schema.model.catalogue import Institution, Offering, UnknownTerm
from schema.model.codes import ids_of_code
from schema.model.values import CourseId, InstitutionId, OfferingId, PartnerCode
from schema.ports import OfferingFact

CHUNK = 1_000  # ids in one statement


@dataclass(frozen=True, slots=True)
class StoredOffering:
    """An offering; `withdrawn` ones are there only for the enrolments that refer to them.

    To the read model, what is blocked or no longer approved is withdrawn, too.
    """

    offering: Offering
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class StoredCourse:
    """A course as the store knows it: which offerings it joins, the founding one first."""

    id: CourseId
    institution_id: InstitutionId
    created_at: datetime
    offerings: tuple[StoredOffering, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """The catalogue, or the part of it that changed, as of one revision."""

    revision: int
    courses: Sequence[StoredCourse]
    institutions: Sequence[Institution]
    redirects: Mapping[str, str] = field(default_factory=dict)  # of merged ids, both kinds


@dataclass(frozen=True, slots=True)
class StatusRow:
    """What the last attempts to read a partner's list came to."""

    partner: PartnerCode
    epoch: int
    attempted_at: datetime
    fetched_at: datetime | None = None
    failing_since: datetime | None = None
    failure: str | None = None
    offerings: int = 0
    fetched: int = 0
    quarantined: int = 0
    held_run: int | None = None
    withheld_since: datetime | None = None
    withheld_reason: str | None = None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Why an offering stands as it was: its newest row could not be read."""

    fetched_at: datetime  # when it was last read well
    reason: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that could not become an offering, and why."""

    page: int
    row: int
    key: str | None
    reason: str
    raw: str


class CatalogueStore:
    """Reads the catalogue database; implements `schema.ports.CodedOfferings`."""

    def __init__(self, database: Database, sells_for: Sells = lambda _: None) -> None:
        """Read from `database`; `sells_for` as in `FactReader`."""
        self._database = database
        self._facts = FactReader(database, sells_for)

    async def read_revision(self) -> int:
        """Return the newest revision; 0 before the first."""
        return await self._database.read(_revision)

    async def read_catalogue(self) -> Changes:
        """Return everything but the long descriptions, tombstones too."""
        return await self._database.read(lambda connection: _changes(connection, None))

    async def read_changes(self, since: int) -> Changes:
        """Return the courses that changed after revision `since`, and all institutions.

        Without long descriptions; all courses, if the change log no longer reaches back so far.
        """
        return await self._database.read(lambda connection: _changes(connection, since))

    async def read_descriptions(self, course_ids: Sequence[CourseId]) -> Mapping[CourseId, str]:
        """Return the long descriptions of courses, which the read model does not keep."""
        return await self._database.read(lambda connection: _descriptions(connection, course_ids))

    async def read_statuses(self) -> Sequence[StatusRow]:
        """Return the partners of whom a sync has been tried."""
        return await self._database.read(_statuses)

    async def read_held_back(self) -> Mapping[OfferingId, HeldBack]:
        """Return the live offerings whose row in their partner's newest list is in quarantine."""
        return await self._database.read(_held_back)

    async def read_fact(self, offering_id: OfferingId) -> OfferingFact | None:
        """Return an offering as enrolling needs it, or None if there never was one."""
        return await self._facts.read(offering_id)

    async def read_fact_by_code(self, partner: PartnerCode, code: str) -> OfferingFact | None:
        """Return the one offering of a partner that has a public code."""
        if (ids := ids_of_code(code)) is None:
            return None
        question = select(offering.c.id).where(
            offering.c.id.between(*ids), offering.c.partner == partner
        )
        found = await self._database.read(lambda c: c.execute(question.limit(2)).scalars().all())
        return await self.read_fact(OfferingId(found[0])) if len(found) == 1 else None

    async def read_quarantine(
        self, partner: PartnerCode, *, limit: int = 1_000
    ) -> Sequence[Quarantined]:
        """Return the rows that the partner's list that stands could not bring in."""
        columns = [getattr(quarantine.c, name) for name in Quarantined.__dataclass_fields__]
        question = (
            _of_listed_run(select(*columns), quarantine.c.run_id, partner)
            .order_by(quarantine.c.id)
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(question).all())
        return [Quarantined(*row) for row in rows]

    async def count_left_out(self, partner: PartnerCode) -> Sequence[tuple[str, int]]:
        """Return how many rows each named rule left out of the list that stands."""
        counted = select(left_out.c.rule, func.count()).group_by(left_out.c.rule)
        question = _of_listed_run(counted, left_out.c.run_id, partner).order_by(left_out.c.rule)
        rows = await self._database.read(lambda connection: connection.execute(question).all())
        return [(rule, count) for rule, count in rows]

    async def count_unknown_terms(self, partner: PartnerCode) -> Sequence[tuple[UnknownTerm, int]]:
        """Return the words that no mapping knows, most frequent first."""
        terms = select(unknown_term.c.field, unknown_term.c.text, unknown_term.c.rows)
        question = _of_listed_run(terms, unknown_term.c.run_id, partner).order_by(
            unknown_term.c.rows.desc(), unknown_term.c.field, unknown_term.c.text
        )
        rows = await self._database.read(lambda connection: connection.execute(question).all())
        return [(UnknownTerm(field, text), count) for field, text, count in rows]


def _of_listed_run(question: Select[Any], run_id: Any, partner: PartnerCode) -> Select[Any]:
    """Narrow `question` to the run that brought in the partner's list that stands."""
    return question.join(partner_status, partner_status.c.listed_run == run_id).where(
        partner_status.c.partner == partner
    )


def _revision(connection: Connection) -> int:
    number: int = connection.execute(select(revision.c.number)).scalar_one()
    return number


def _kept_since(connection: Connection) -> int:
    number: int = connection.execute(select(revision.c.kept_since)).scalar_one()
    return number


def _changes(connection: Connection, since: int | None) -> Changes:
    number = _revision(connection)
    if since is None or since < _kept_since(connection):
        courses = _courses(connection, None)
    else:
        changed = select(change_log.c.course_id).where(change_log.c.revision > since).distinct()
        ids = connection.execute(changed).scalars().all()
        courses = [
            found
            for start in range(0, len(ids), CHUNK)
            for found in _courses(connection, ids[start : start + CHUNK])
        ]
    names = connection.execute(select(institution.c.id, institution.c.name))
    redirects = connection.execute(select(redirect.c.old_id, redirect.c.new_id))
    return Changes(
        number,
        courses,
        [Institution(InstitutionId(i), name) for i, name in names],
        {row.old_id: row.new_id for row in redirects},
    )


def _courses(
    connection: Connection,
    ids: Sequence[str] | None,
    read: Callable[[str], Offering] | None = None,
) -> list[StoredCourse]:
    read = read or ShortReader()
    rows = select(
        course.c.id, course.c.institution_id, course.c.created_at, course.c.founding_offering_id
    )
    sold = select(
        offering.c.course_id, offering.c.id, offering.c.payload, is_on_sale().label("is_on_sale")
    ).where(offering.c.approval != Approval.PENDING)
    if ids is not None:
        rows, sold = rows.where(course.c.id.in_(ids)), sold.where(offering.c.course_id.in_(ids))
    offerings: dict[str, list[StoredOffering]] = {}
    in_order = sold.order_by(offering.c.added_run, offering.c.id)
    for each in connection.execute(in_order.execution_options(yield_per=CHUNK)):
        found = StoredOffering(read(each.payload), withdrawn=not each.is_on_sale)
        offerings.setdefault(each.course_id, []).append(found)
    return [_to_course(row, offerings.get(row.id, [])) for row in connection.execute(rows)]


def _to_course(row: Any, offerings: Sequence[StoredOffering]) -> StoredCourse:
    founding = row.founding_offering_id
    return StoredCourse(
        id=CourseId(row.id),
        institution_id=InstitutionId(row.institution_id),
        created_at=row.created_at,
        offerings=tuple(sorted(offerings, key=lambda each: each.offering.id != founding)),
    )


def _descriptions(connection: Connection, ids: Sequence[CourseId]) -> Mapping[CourseId, str]:
    """Return the first description of each course's live offerings, or else of its tombstones."""
    found: dict[CourseId, str] = {}
    for each in _courses(connection, ids, from_payload):
        live = [sold for sold in each.offerings if not sold.withdrawn] or each.offerings
        told = (sold.offering.listed.description_html for sold in live)
        html = next((html for html in told if html is not None), None)
        if html is not None:
            found[each.id] = html
    return found


def _statuses(connection: Connection) -> list[StatusRow]:
    columns = [getattr(partner_status.c, name) for name in StatusRow.__dataclass_fields__]
    rows = connection.execute(select(*columns).order_by(partner_status.c.partner))
    return [StatusRow(*row) for row in rows]


def _held_back(connection: Connection) -> dict[OfferingId, HeldBack]:
    """Find when each was last read well: at the newest whole run that did not hold it back.

    Of runs that are no longer kept we know at least that it was read when it last changed.
    """
    again = quarantine.alias("again")
    last_read = (
        select(func.max(sync_run.c.started_at))
        .where(
            sync_run.c.partner == offering.c.partner,
            sync_run.c.outcome.in_((RunOutcome.APPLIED, RunOutcome.UNCHANGED)),
            sync_run.c.id >= offering.c.changed_run,
            sync_run.c.id < partner_status.c.listed_run,
            ~exists().where(again.c.run_id == sync_run.c.id, again.c.offering_id == offering.c.id),
        )
        .correlate(offering, partner_status)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(offering.c.id, func.coalesce(last_read, offering.c.changed_at), quarantine.c.reason)
        .select_from(partner_status)
        .join(quarantine, quarantine.c.run_id == partner_status.c.listed_run)
        .join(offering, offering.c.id == quarantine.c.offering_id)
        .where(not_(offering.c.withdrawn), offering.c.changed_run < partner_status.c.listed_run)
        .order_by(quarantine.c.id)
    )
    return {OfferingId(row[0]): HeldBack(row[1], row[2]) for row in rows}
