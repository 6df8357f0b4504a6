"""What the catalogue database answers: to the read model, to enrolling, to operators.

All reads; writing is `sync`'s alone.  Times are aware, in UTC.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, func, not_, select

from gateway.catalogue.facts import FactReader, Sells
from gateway.catalogue.in_force import NO_BLOCKS, StoredBlocks, read_stored_blocks
from gateway.catalogue.partner_orders import Orders, read_orders
from gateway.catalogue.records import from_payload
from gateway.catalogue.runs import RunOutcome
from gateway.catalogue.short import Closing, ShortReader, never_closing
from gateway.catalogue.stored import (
    NOTHING,
    Known,
    Read,
    StoredCourse,
    described,
    read_courses,
    read_every_course,
    to_memory,
)
from gateway.storage.catalogue_tables import (
    block_revision,
    change_log,
    institution,
    offering,
    redirect,
    revision,
)
from gateway.storage.engine import Database
from gateway.storage.sync_tables import left_out, partner_status, quarantine, sync_run, unknown_term
from schema.model.catalogue import Institution, UnknownTerm
from schema.model.codes import ids_of_code
from schema.model.values import CourseId, InstitutionId, OfferingId, PartnerCode
from schema.ports import OfferingFact


@dataclass(frozen=True, slots=True)
class Changes:
    """The catalogue, or the part of it that changed, as of one revision."""

    revision: int
    courses: Sequence[StoredCourse]
    institutions: Sequence[Institution]
    redirects: Mapping[str, str] = field(default_factory=dict)  # of merged ids, both kinds
    blocks: StoredBlocks = NO_BLOCKS


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

    def __init__(
        self,
        database: Database,
        closing: Closing = never_closing,
        sells_for: Sells = lambda _: None,
        closed: Collection[PartnerCode] = frozenset(),
    ) -> None:
        """Read from `database`; what is shown has the end of sale that `closing` tells.

        `sells_for` and `closed` are as in `FactReader`.
        """
        self._database = database
        self._closing = closing
        self._facts = FactReader(database, sells_for, closed)

    async def read_revision(self) -> int:
        """Return the newest revision; 0 before the first."""
        return await self._database.read(_revision)

    async def read_catalogue(self) -> Changes:
        """Return everything but the long descriptions, tombstones too."""
        return await self._read_changes(None)

    async def read_changes(self, since: int, known: Known = NOTHING) -> Changes:
        """Return the courses that changed after revision `since`, and all institutions.

        Without long descriptions; all courses, if the change log no longer reaches back so far.
        Blocks change no offering: courses of which nothing else has changed are not among them.
        Offerings that are `known` from then and have not been written since are those very ones.
        """
        return await self._read_changes(since, known)

    async def _read_changes(self, since: int | None, known: Known = NOTHING) -> Changes:
        read = ShortReader(self._closing)
        return await self._database.read(lambda c: _changes(c, since, read, known))

    async def read_descriptions(self, course_ids: Sequence[CourseId]) -> Mapping[CourseId, str]:
        """Return the long descriptions of courses, which the read model does not keep."""
        return await self._database.read(lambda connection: _descriptions(connection, course_ids))

    async def read_statuses(self) -> Sequence[StatusRow]:
        """Return the partners of whom a sync has been tried."""
        return await self._database.read(_statuses)

    async def read_orders(self) -> Orders:
        """Return what operators have ordered about partners."""
        return await self._database.read(read_orders)

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


def _changes(connection: Connection, since: int | None, read: Read, known: Known) -> Changes:
    number = _revision(connection)
    if since is None or since < _kept_since(connection):
        courses = read_every_course(connection, read)
    else:
        is_blocks_alone = change_log.c.revision.in_(select(block_revision.c.number))
        changed = select(change_log.c.course_id).where(
            change_log.c.revision > since, not_(is_blocks_alone)
        )
        ids = connection.execute(changed.distinct()).scalars().all()
        courses = read_courses(connection, ids, read, to_memory(connection, since, known))
    names = connection.execute(select(institution.c.id, institution.c.name))
    redirects = connection.execute(select(redirect.c.old_id, redirect.c.new_id))
    return Changes(
        number,
        courses,
        [Institution(InstitutionId(i), name) for i, name in names],
        {row.old_id: row.new_id for row in redirects},
        read_stored_blocks(connection),
    )


def _descriptions(connection: Connection, ids: Sequence[CourseId]) -> Mapping[CourseId, str]:
    """Return the first description of each course's offerings on sale, or else of all."""
    found: dict[CourseId, str] = {}
    sold = set[CourseId]()
    for row in connection.execute(described(connection, ids)):  # what is on sale comes first
        if row.is_on_sale:
            sold.add(row.course_id)
        elif row.course_id in sold:
            continue
        if row.course_id not in found:
            html = from_payload(row.payload).listed.description_html
            if html is not None:
                found[row.course_id] = html
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
