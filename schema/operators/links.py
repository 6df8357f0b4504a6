"""Operators look into why offerings are one course, and decide otherwise."""

from collections.abc import Sequence
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema import ports
from schema.context import Info
from schema.ids import NodeKind, plain_id
from schema.model import links as records
from schema.model.values import CourseId, InstitutionId, OfferingId
from schema.operators.actors import Reason, to_actor, to_reason
from schema.paging import After, First, checked_cursors, checked_size, given, to_window
from schema.types.connections import Connection
from schema.types.described import argument
from schema.types.links import (
    CourseLink,
    CourseLinkPayload,
    InstitutionLinkPayload,
    InstitutionSpelling,
    LikelyCourses,
    to_course_payload,
    to_institution_payload,
)

OfferingArgument = Annotated[strawberry.ID, argument("The offering's id.")]
InstitutionArgument = Annotated[strawberry.ID, argument("The institution's id.")]
_LIKELY = 20


@strawberry.type
class LinkQuery:
    """What operators ask about links."""

    @strawberry.field(
        description="Why offerings belong to courses that others founded, the least sure first; "
        "for operators.",
        graphql_type=Connection[CourseLink],
    )
    async def course_links(
        self,
        info: Info,
        *,
        decided_by: Annotated[
            records.LinkDecider | None,
            argument("Only what rules decided, or only what operators did; null for all."),
        ] = UNSET,
        first: First = UNSET,
        after: After = UNSET,
    ) -> ports.Slice[records.CourseLink]:
        """List links."""
        window = to_window(first, after)
        with checked_cursors():
            return await info.context.links.read_links(window, given(decided_by))

    @strawberry.field(
        description="Courses that may be one, the most alike first: too unsure to be joined "
        "unasked; for operators.",
        graphql_type=list[LikelyCourses],
    )
    async def likely_courses(
        self, info: Info, *, first: First = _LIKELY
    ) -> Sequence[records.LikelyCourses]:
        """List pairs."""
        size = _LIKELY if first is None else checked_size("first", first)
        return await info.context.links.read_likely(size)

    @strawberry.field(
        description="The names by which partners mean an institution, its own first; null if "
        "there is no such institution; for operators.",
        graphql_type=list[InstitutionSpelling] | None,
    )
    async def institution_spellings(
        self, info: Info, institution_id: InstitutionArgument
    ) -> Sequence[records.InstitutionSpelling] | None:
        """List names."""
        links, plain = info.context.links, plain_id(NodeKind.INSTITUTION, institution_id)
        return await links.read_spellings(InstitutionId(plain or ""))


@strawberry.type
class LinkMutation:
    """What operators decide about links."""

    @strawberry.mutation(
        description="Keep an offering in its course, whatever its partner calls it; for operators.",
        graphql_type=CourseLinkPayload,
    )
    async def confirm_course_link(
        self, info: Info, offering_id: OfferingArgument, reason: Reason = UNSET
    ) -> CourseLinkPayload:
        """Confirm a link."""
        links, why = info.context.links, _why(info, reason)
        plain = plain_id(NodeKind.OFFERING, offering_id)
        return to_course_payload(await links.confirm(OfferingId(plain or ""), *why))

    @strawberry.mutation(
        description="Give an offering a course of its own; no later sync joins it again; "
        "for operators.",
        graphql_type=CourseLinkPayload,
    )
    async def split_offering(
        self, info: Info, offering_id: OfferingArgument, reason: Reason = UNSET
    ) -> CourseLinkPayload:
        """Split an offering off."""
        links, why = info.context.links, _why(info, reason)
        plain = plain_id(NodeKind.OFFERING, offering_id)
        return to_course_payload(await links.split(OfferingId(plain or ""), *why))

    @strawberry.mutation(
        description="Make several courses one: the oldest keeps its id, the others' ids lead to "
        "it; for operators.",
        graphql_type=CourseLinkPayload,
    )
    async def merge_courses(
        self,
        info: Info,
        course_ids: Annotated[list[strawberry.ID], argument("The courses' ids, two or more.")],
        reason: Reason = UNSET,
    ) -> CourseLinkPayload:
        """Merge courses."""
        links, why = info.context.links, _why(info, reason)
        plain = [CourseId(plain_id(NodeKind.COURSE, each) or "") for each in course_ids]
        return to_course_payload(await links.merge(plain, *why))

    @strawberry.mutation(
        description="Make several institutions one, and their courses of the same title: the "
        "oldest keeps its id, the others' ids lead to it; for operators.",
        graphql_type=InstitutionLinkPayload,
    )
    async def merge_institutions(
        self,
        info: Info,
        institution_ids: Annotated[
            list[strawberry.ID], argument("The institutions' ids, two or more.")
        ],
        reason: Reason = UNSET,
    ) -> InstitutionLinkPayload:
        """Merge institutions."""
        links, why = info.context.links, _why(info, reason)
        plain = [InstitutionId(plain_id(NodeKind.INSTITUTION, i) or "") for i in institution_ids]
        return to_institution_payload(await links.merge_institutions(plain, *why))

    @strawberry.mutation(
        description="Make one of an institution's names an institution of its own, with all that "
        "is listed under it, now and later; for operators.",
        graphql_type=InstitutionLinkPayload,
    )
    async def split_institution(
        self,
        info: Info,
        institution_id: InstitutionArgument,
        name: Annotated[str, argument("The name, as `institutionSpellings` tells it.")],
        reason: Reason = UNSET,
    ) -> InstitutionLinkPayload:
        """Split a name off."""
        links, why = info.context.links, _why(info, reason)
        plain = InstitutionId(plain_id(NodeKind.INSTITUTION, institution_id) or "")
        return to_institution_payload(await links.split_institution(plain, name, *why))


def _why(info: Info, reason: str | None) -> tuple[str, str | None]:
    """Return who decides, and why.  Raises BAD_USER_INPUT."""
    return to_actor(info.context.viewer), to_reason(reason)
