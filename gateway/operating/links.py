"""Operators' decisions about links, each in the audit trail before it is made.

One that is then refused is followed there by a row that says so.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from gateway.enrolment.audit.records import Act, because
from gateway.operating.trail import Trail
from schema.links_ports import CourseLinks
from schema.model.links import (
    CourseLink,
    InstitutionSpelling,
    LikelyCourses,
    LinkDecider,
    LinkOutcome,
)
from schema.model.values import CourseId, InstitutionId, OfferingId
from schema.page_ports import Slice, Window
from schema.redaction import redacted

NAMED = 20  # ids that a row of the trail names; it counts them all
LONGEST = 200  # characters of an id or a name: whoever decides may have written anything


class AuditedLinks:
    """Implements `schema.links_ports.CourseLinks` over another, with the audit trail."""

    def __init__(self, links: CourseLinks, trail: Trail) -> None:
        self._links = links
        self._trail = trail

    async def read_links(
        self, window: Window, decided_by: LinkDecider | None = None
    ) -> Slice[CourseLink]:
        """See `CourseLinks.read_links`."""
        return await self._links.read_links(window, decided_by)

    async def read_likely(self, limit: int) -> Sequence[LikelyCourses]:
        """See `CourseLinks.read_likely`."""
        return await self._links.read_likely(limit)

    async def read_spellings(
        self, institution_id: InstitutionId
    ) -> Sequence[InstitutionSpelling] | None:
        """See `CourseLinks.read_spellings`."""
        return await self._links.read_spellings(institution_id)

    async def confirm(
        self, offering_id: OfferingId, by: str, reason: str | None = None
    ) -> LinkOutcome:
        """See `CourseLinks.confirm`."""
        decide = partial(self._links.confirm, offering_id, by, reason)
        return await self._decide(decide, Act.LINK_CONFIRMED, [offering_id], by, reason)

    async def split(
        self, offering_id: OfferingId, by: str, reason: str | None = None
    ) -> LinkOutcome:
        """See `CourseLinks.split`."""
        decide = partial(self._links.split, offering_id, by, reason)
        return await self._decide(decide, Act.OFFERING_SPLIT, [offering_id], by, reason)

    async def merge(
        self, course_ids: Sequence[CourseId], by: str, reason: str | None = None
    ) -> LinkOutcome:
        """See `CourseLinks.merge`."""
        decide = partial(self._links.merge, course_ids, by, reason)
        return await self._decide(decide, Act.COURSES_MERGED, course_ids, by, reason)

    async def merge_institutions(
        self, institution_ids: Sequence[InstitutionId], by: str, reason: str | None = None
    ) -> LinkOutcome:
        """See `CourseLinks.merge_institutions`."""
        decide = partial(self._links.merge_institutions, institution_ids, by, reason)
        return await self._decide(decide, Act.INSTITUTIONS_MERGED, institution_ids, by, reason)

    async def split_institution(
        self, institution_id: InstitutionId, name: str, by: str, reason: str | None = None
    ) -> LinkOutcome:
        """See `CourseLinks.split_institution`."""
        decide = partial(self._links.split_institution, institution_id, name, by, reason)
        act, named = Act.INSTITUTION_SPLIT, {"name": _kept(name)}
        return await self._decide(decide, act, [institution_id], by, reason, **named)

    async def _decide(
        self,
        decide: Callable[[], Awaitable[LinkOutcome]],
        act: Act,
        ids: Sequence[str],
        by: str,
        reason: str | None,
        **more: str,
    ) -> LinkOutcome:
        """Write down what is done, and do it; an id of another kind is empty, and does nothing."""
        if not all(ids):
            return await decide()
        named = [_kept(each) for each in ids[:NAMED]]
        details = {"ids": named, "count": len(ids), **more, **because(reason)}
        await self._trail.note(act, "links", by=by, **details)
        outcome = await decide()
        codes = [error.code for error in outcome.errors]
        await self._trail.note_refused(act, "links", codes, by=by, ids=named)
        return outcome


def _kept(text: str) -> str:
    return redacted(text)[:LONGEST]
