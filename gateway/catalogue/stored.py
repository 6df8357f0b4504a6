"""Courses as the catalogue's database has them, read without reading twice what is known.

A payload is most of what a course costs to read.  An approval changes which offerings are on
sale and none of them, so who has them in memory is spared their payloads.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    Select,
    cast,
    func,
    not_,
    select,
    type_coerce,
)
from sqlalchemy.types import NULLTYPE

from gateway.catalogue.once import Once
from gateway.catalogue.runs import KEPT_RUNS
from gateway.catalogue.visibility import is_listed, is_on_sale
from gateway.storage.catalogue_tables import course, offering
from gateway.storage.sets import is_one_of
from gateway.storage.sync_tables import sync_run
from schema.model.blocks import Approval
from schema.model.catalogue import Offering
from schema.model.values import CourseId, InstitutionId, OfferingId

CHUNK = 1_000  # ids in one statement

Read = Callable[[str | bytes, OfferingId], Offering]  # a payload, and whose it is
Known = Mapping[OfferingId, Offering]
NOTHING: Known = {}


class StoredOffering(NamedTuple):
    """An offering; `withdrawn` ones are there only for the enrolments that refer to them.

    To the read model, what is no longer approved is withdrawn, too.  What is blocked is not: that
    is for who knows the blocks (`gateway.catalogue.in_force`).
    """

    offering: Offering
    withdrawn: bool


class StoredCourse(NamedTuple):
    """A course as the store knows it: which offerings it joins, the founding one first."""

    id: CourseId
    institution_id: InstitutionId
    created_at: datetime
    offerings: tuple[StoredOffering, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """What a reader has in memory, and the runs that have written offerings since."""

    known: Known
    written_since: frozenset[int] = frozenset()

    def recall(self, row: Row[Any]) -> Offering | None:
        """Return the offering of a row as it stands, if it is known so."""
        if row.changed_run in self.written_since:
            return None
        return self.known.get(row.id)


def to_memory(connection: Connection, since: int, known: Known) -> Memory:
    """Return what of `known`, read at revision `since`, can be relied upon.

    A partner's old runs are not kept; where one may be gone that has written since, nothing is.
    """
    if not known:
        return Memory(NOTHING)
    oldest = func.min(sync_run.c.revision)
    out_of_sight = (
        select(sync_run.c.partner)
        .group_by(sync_run.c.partner)
        .having(oldest > since, func.count() >= KEPT_RUNS)
    )
    if connection.execute(out_of_sight.limit(1)).first() is not None:
        return Memory(NOTHING)
    written = select(sync_run.c.id).where(sync_run.c.revision > since)
    return Memory(known, frozenset(connection.execute(written).scalars()))


def read_every_course(connection: Connection, read: Read) -> list[StoredCourse]:
    """Return all courses, tombstones too.

    Rows come as they lie in the table: a database would sort their payloads on its disk.
    """
    found: dict[str, list[tuple[int, str, StoredOffering]]] = {}
    question = select(*_SOLD, offering.c.added_run, _payload(connection)).where(_WAS_APPROVED)
    rows = connection.execute(question.execution_options(yield_per=CHUNK))
    for course_id, offering_id, is_listed_now, added_run, payload in rows:
        sold = StoredOffering(read(payload, offering_id), not is_listed_now)
        found.setdefault(course_id, []).append((added_run, offering_id, sold))
    made_at = Once(_to_moment)
    return [
        _to_course(row, made_at, _eldest_first(found.get(row[0], ())))
        for row in connection.execute(_courses()).all()
    ]


def read_courses(
    connection: Connection, ids: Sequence[str], read: Read, memory: Memory | None = None
) -> list[StoredCourse]:
    """Return the courses with these ids."""
    found: list[StoredCourse] = []
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        found += _read_some(connection, chunk, read, memory or Memory(NOTHING))
    return found


def described(connection: Connection, ids: Sequence[str]) -> Select[Any]:
    """Select all that tells of these courses: first what is on sale, then what founded them."""
    on_sale, founded = is_on_sale(), offering.c.id == course.c.founding_offering_id
    return (
        select(offering.c.course_id, on_sale.label("is_on_sale"), offering.c.payload)
        .join(course, course.c.id == offering.c.course_id)
        .where(_WAS_APPROVED, is_one_of(connection, offering.c.course_id, ids))
        .order_by(not_(on_sale), not_(founded), offering.c.added_run, offering.c.id)
    )


def _read_some(
    connection: Connection, ids: Sequence[str], read: Read, memory: Memory
) -> list[StoredCourse]:
    is_theirs = is_one_of(connection, offering.c.course_id, ids)
    rows = connection.execute(_sold(offering.c.changed_run).where(is_theirs)).all()
    told = {row.id: known for row in rows if (known := memory.recall(row)) is not None}
    told |= _read_payloads(connection, (row.id for row in rows if row.id not in told), read)
    offerings: dict[str, list[StoredOffering]] = {}
    for row in rows:
        sold = StoredOffering(told[row.id], withdrawn=not row.is_listed)
        offerings.setdefault(row.course_id, []).append(sold)
    courses = connection.execute(_courses().where(is_one_of(connection, course.c.id, ids)))
    made_at = Once(_to_moment)
    return [_to_course(row, made_at, offerings.get(row[0], ())) for row in courses]


def _read_payloads(connection: Connection, ids: Iterable[str], read: Read) -> dict[str, Offering]:
    wanted, found = list(ids), dict[str, Offering]()
    for start in range(0, len(wanted), CHUNK):
        chosen = is_one_of(connection, offering.c.id, wanted[start : start + CHUNK])
        rows = connection.execute(select(offering.c.id, _payload(connection)).where(chosen))
        found.update({offering_id: read(payload, offering_id) for offering_id, payload in rows})
    return found


def _payload(connection: Connection) -> ColumnElement[Any]:
    """Return the payload as it comes fastest: of SQLite's text Python would make text of its own.

    PostgreSQL's driver makes text in any case, and its casts read escapes in it.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    return cast(offering.c.payload, LargeBinary) if is_sqlite else offering.c.payload


def _courses() -> Select[Any]:
    """Select courses, and when they were made as the driver says it: many at the same moment."""
    made = type_coerce(course.c.created_at, NULLTYPE)
    return select(course.c.id, course.c.institution_id, course.c.founding_offering_id, made)


def _to_moment(told: str | datetime) -> datetime:
    """Return a moment of the database, as `Instant` does."""
    moment = datetime.fromisoformat(told) if isinstance(told, str) else told
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_SOLD = (offering.c.course_id, offering.c.id, is_listed().label("is_listed"))
_WAS_APPROVED = offering.c.approval != Approval.PENDING


def _sold(*more: Any) -> Select[Any]:
    """Select what was ever approved, in the order in which it came."""
    question = select(*_SOLD, *more).where(_WAS_APPROVED)
    return question.order_by(offering.c.added_run, offering.c.id)


def _eldest_first(told: Sequence[tuple[int, str, StoredOffering]]) -> Sequence[StoredOffering]:
    """Return a course's offerings as `_sold` orders them."""
    if len(told) == 1:  # as most courses are sold
        return (told[0][2],)
    return [sold for _, _, sold in sorted(told, key=itemgetter(0, 1))]


def _to_course(
    row: Any, made_at: Once[str | datetime, datetime], offerings: Sequence[StoredOffering]
) -> StoredCourse:
    course_id, institution_id, founding, created = row
    if len(offerings) > 1:
        offerings = sorted(offerings, key=lambda each: each.offering.id != founding)
    return StoredCourse(course_id, institution_id, made_at[created], tuple(offerings))
