"""Operators' decisions about links, each in the audit trail before it is made."""

from collections.abc import Sequence

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
        await self._note(Act.LINK_CONFIRMED, [offering_id], by, reason)
        return await self._links.confirm(offering_id, by, reason)

    async def split(
        self, offering_id: OfferingId, by: str, reason: str | None = None
    ) -> LinkOutcome:
        """See `CourseLinks.split`."""
        await self._note(Act.OFFERING_SPLIT, [offering_id], by, reason)
        return await self._links.split(offering_id, by, reason)

    async def merge(
        self, course_ids: Sequence[CourseId], by: str, reason: str | None = None
    ) -> LinkOutcome:
        """See `CourseLinks.merge`."""
        await self._note(Act.COURSES_MERGED, course_ids, by, reason)
        return await self._links.merge(course_ids, by, reason)

    async def merge_institutions(
        self, institution_ids: Sequence[InstitutionId], by: str, reason: str | None = None
    ) -> LinkOutcome:
        """See `CourseLinks.merge_institutions`."""
        await self._note(Act.INSTITUTIONS_MERGED, institution_ids, by, reason)
        return await self._links.merge_institutions(institution_ids, by, reason)

    async def split_institution(
        self, institution_id: InstitutionId, name: str, by: str, reason: str | None = None
    ) -> LinkOutcome:
        """See `CourseLinks.split_institution`."""
        named = {"name": _kept(name)}
        await self._note(Act.INSTITUTION_SPLIT, [institution_id], by, reason, **named)
        return await self._links.split_institution(institution_id, name, by, reason)

    async def _note(
        self, act: Act, ids: Sequence[str], by: str, reason: str | None, **more: str
    ) -> None:
        """Write down what is about to be done; an id of another kind is empty, and does nothing."""
        if not all(ids):
            return
        named = [_kept(each) for each in ids[:NAMED]]
        details = {"ids": named, "count": len(ids), **more, **because(reason)}
        await self._trail.note(act, "links", by=by, **details)


def _kept(text: str) -> str:
    return redacted(text)[:LONGEST]
