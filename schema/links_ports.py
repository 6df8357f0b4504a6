"""What the resolvers about links need: implemented by `gateway.catalogue.links`."""

from collections.abc import Sequence
from typing import Protocol

from schema.model.links import (
    CourseLink,
    InstitutionSpelling,
    LikelyCourses,
    LinkDecider,
    LinkOutcome,
)
from schema.model.values import CourseId, InstitutionId, OfferingId
from schema.page_ports import Slice, Window


class CourseLinks(Protocol):
    """Reads why offerings are one course, and takes operators' decisions.

    A decision is recorded at once, with who made it and why; the public catalogue follows
    within two seconds.
    """

    async def read_links(
        self, window: Window, decided_by: LinkDecider | None = None
    ) -> Slice[CourseLink]:
        """Return links, the least sure first.  Raises `BadCursorError`."""

    async def read_likely(self, limit: int) -> Sequence[LikelyCourses]:
        """Return courses that may be one, the most alike first."""

    async def read_spellings(
        self, institution_id: InstitutionId
    ) -> Sequence[InstitutionSpelling] | None:
        """Return the names that lead to an institution, its own first; None if it is not there."""

    async def confirm(
        self, offering_id: OfferingId, by: str, reason: str | None = None
    ) -> LinkOutcome:
        """Keep an offering in its course, whatever its partner calls it."""

    async def split(
        self, offering_id: OfferingId, by: str, reason: str | None = None
    ) -> LinkOutcome:
        """Give an offering a course of its own, and keep it there."""

    async def merge(
        self, course_ids: Sequence[CourseId], by: str, reason: str | None = None
    ) -> LinkOutcome:
        """Make several courses one; the oldest keeps its id, the others redirect to it."""

    async def merge_institutions(
        self, institution_ids: Sequence[InstitutionId], by: str, reason: str | None = None
    ) -> LinkOutcome:
        """Make several institutions one, and their courses of one title, too."""

    async def split_institution(
        self, institution_id: InstitutionId, name: str, by: str, reason: str | None = None
    ) -> LinkOutcome:
        """Make a spelling of an institution one of its own, with all that is listed under it."""
