"""Links between offerings and courses as operators see them; implements `CourseLinks`."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, text, tuple_

from gateway.catalogue import decision_log
from gateway.catalogue.cursors import Key, Place, from_cursor, to_cursor, to_digest
from gateway.catalogue.institution_splits import read_spellings, split_institution
from gateway.catalogue.joining import confirm_link, merge_courses, split_offering
from gateway.catalogue.namesakes import merge_institutions
from gateway.catalogue.records import from_payload
from gateway.catalogue.spellings import COURSE
from gateway.storage.catalogue_tables import (
    course,
    course_link,
    course_spelling,
    likely_pair,
    offering,
)
from gateway.storage.engine import Database
from schema.model.decisions import CatalogueDecision
from schema.model.decisions import CatalogueDecisionKind as _Kind
from schema.model.links import (
    CourseLink,
    InstitutionSpelling,
    LikelyCourses,
    LinkDecider,
    LinkOutcome,
)
from schema.model.values import CourseId, InstitutionId, OfferingId, PartnerCode
from schema.ports import Slice, Window

Decide = Callable[[Connection, datetime], LinkOutcome]

AS_THEY_STAND = 0  # the revision in cursors: links have no older lists to go on in


@dataclass(frozen=True, slots=True)
class _Wish:
    """What an operator wants decided."""

    kind: _Kind
    targets: tuple[str, ...]
    by: str
    reason: str | None
    about: str | None = None

    def carried_out(self, outcome: str, now: datetime) -> CatalogueDecision:
        """Return what is written down once it is done."""
        return CatalogueDecision(
            self.kind, self.targets, self.by, now, outcome, self.about, self.reason
        )


class LinkDesk:
    """Reads links and takes decisions; `notify` is called after one, so that it shows soon."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        notify: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._now = now
        self._notify = notify

    async def read_links(
        self, window: Window, decided_by: LinkDecider | None = None
    ) -> Slice[CourseLink]:
        """See `CourseLinks.read_links`; reads forwards only."""
        return await self._database.read(lambda c: _links(c, window, decided_by))

    async def read_likely(self, limit: int) -> Sequence[LikelyCourses]:
        """See `CourseLinks.read_likely`."""
        return await self._database.read(lambda c: _likely(c, limit))

    async def read_spellings(
        self, institution_id: InstitutionId
    ) -> Sequence[InstitutionSpelling] | None:
        """See `CourseLinks.read_spellings`."""
        return await self._database.read(lambda c: read_spellings(c, institution_id))

    async def confirm(
        self, offering_id: OfferingId, by: str, reason: str | None = None
    ) -> LinkOutcome:
        """See `CourseLinks.confirm`."""
        made = _Wish(_Kind.LINK_CONFIRMED, (offering_id,), by, reason)
        return await self._decide(made, lambda c, now: confirm_link(c, offering_id, now))

    async def split(
        self, offering_id: OfferingId, by: str, reason: str | None = None
    ) -> LinkOutcome:
        """See `CourseLinks.split`."""
        made = _Wish(_Kind.OFFERING_SPLIT, (offering_id,), by, reason)
        return await self._decide(made, lambda c, now: split_offering(c, offering_id, now))

    async def merge(
        self, course_ids: Sequence[CourseId], by: str, reason: str | None = None
    ) -> LinkOutcome:
        """See `CourseLinks.merge`."""
        made = _Wish(_Kind.COURSES_MERGED, tuple(course_ids), by, reason)
        return await self._decide(made, lambda c, now: merge_courses(c, course_ids, now))

    async def merge_institutions(
        self, institution_ids: Sequence[InstitutionId], by: str, reason: str | None = None
    ) -> LinkOutcome:
        """See `CourseLinks.merge_institutions`."""
        made = _Wish(_Kind.INSTITUTIONS_MERGED, tuple(institution_ids), by, reason)
        return await self._decide(made, lambda c, now: merge_institutions(c, institution_ids, now))

    async def split_institution(
        self, institution_id: InstitutionId, name: str, by: str, reason: str | None = None
    ) -> LinkOutcome:
        """See `CourseLinks.split_institution`."""
        made = _Wish(_Kind.INSTITUTION_SPLIT, (institution_id,), by, reason, name)
        return await self._decide(
            made, lambda c, now: split_institution(c, institution_id, name, now)
        )

    async def _decide(self, wish: _Wish, decide: Decide) -> LinkOutcome:
        now = self._now()

        def decided(connection: Connection) -> LinkOutcome:
            if connection.dialect.name == "postgresql":  # a sync may be writing a large list
                connection.execute(text("SET LOCAL lock_timeout = '60s'"))
            outcome = decide(connection, now)
            if outcome.kept is not None:
                decision_log.record(connection, wish.carried_out(outcome.kept, now))
            return outcome

        outcome = await self._database.write(decided)
        self._notify()
        return outcome


def _links(
    connection: Connection, window: Window, decided_by: LinkDecider | None
) -> Slice[CourseLink]:
    question = to_digest("links", decided_by)
    wanted = [] if decided_by is None else [course_link.c.decided_by == decided_by]
    total = connection.execute(select(func.count()).select_from(course_link).where(*wanted))
    place = tuple_(course_link.c.score, course_link.c.offering_id)
    behind = list(wanted)
    if window.after is not None:
        score, offering_id = from_cursor(window.after, question, (0.0, "")).key
        behind.append(place > (score, offering_id))
    size = window.first or 0
    rows = connection.execute(
        select(course_link, offering.c.payload)
        .join(offering, offering.c.id == course_link.c.offering_id)
        .where(*behind)
        .order_by(course_link.c.score, course_link.c.offering_id)
        .limit(size + 1)
    ).all()
    keys: list[Key] = [(row.score, row.offering_id) for row in rows[:size]]
    return Slice(
        nodes=[_to_link(row) for row in rows[:size]],
        cursors=[to_cursor(Place(AS_THEY_STAND, key), question) for key in keys],
        has_next=len(rows) > size,
        has_previous=window.after is not None,
        total=total.scalar_one(),
    )


def _to_link(row: Any) -> CourseLink:
    offered = from_payload(row.payload)
    return CourseLink(
        offering_id=OfferingId(row.offering_id),
        course_id=CourseId(row.course_id),
        partner=PartnerCode(offered.partner),
        title=offered.listed.title,
        institution=offered.listed.institution,
        score=round(row.score, 4),
        rules=(*json.loads(row.rules), *json.loads(row.institution_rules)),
        decided_by=LinkDecider(row.decided_by),
        decided_at=row.decided_at,
        pinned=row.pinned,
    )


def _likely(connection: Connection, limit: int) -> Sequence[LikelyCourses]:
    """Return pairs of names that stand for two courses, as they do now."""
    left, right = course_spelling.alias("left_name"), course_spelling.alias("right_name")
    first, second = course.alias("first_course"), course.alias("second_course")
    rows = connection.execute(
        select(likely_pair.c.score, likely_pair.c.rules)
        .add_columns(first.c.id, second.c.id.label("other_id"))
        .add_columns(left.c.name, right.c.name.label("other_name"))
        .join(left, left.c.match_key == likely_pair.c.match_key)
        .join(right, right.c.match_key == likely_pair.c.other_key)
        .join(first, first.c.match_key == left.c.course_key)
        .join(second, second.c.match_key == right.c.course_key)
        .where(likely_pair.c.kind == COURSE, first.c.id != second.c.id)
        .where(first.c.is_live, second.c.is_live)
        .order_by(likely_pair.c.score.desc(), first.c.id, second.c.id)
        .limit(limit)
    )
    return [
        LikelyCourses(
            course_id=CourseId(row.id),
            other_id=CourseId(row.other_id),
            title=row.name,
            other_title=row.other_name,
            score=row.score,
            rules=tuple(json.loads(row.rules)),
        )
        for row in rows
    ]
