"""Why offerings are one course, and what operators decide: for operators only."""

from datetime import datetime

import strawberry
from strawberry import Parent

from schema.context import Info
from schema.ids import NodeKind, to_global_id
from schema.model import catalogue as catalogue_records
from schema.model import links as records
from schema.types.catalogue import Course, Offering
from schema.types.described import described, enumerated, presents
from schema.types.partners import Partner, partner_of

enumerated(
    records.LinkDecider,
    {
        records.LinkDecider.RULE: "The rules of recognition; `rules` names those that applied.",
        records.LinkDecider.OPERATOR: "An operator: outweighs every rule.",
    },
)
enumerated(
    records.LinkErrorCode,
    {
        records.LinkErrorCode.NOT_FOUND: "There is nothing with this id.",
        records.LinkErrorCode.NOTHING_TO_SPLIT: "It is whole already: an offering alone in its "
        "course, or an institution's own name.",
        records.LinkErrorCode.NOTHING_TO_MERGE: "The ids name one thing.",
    },
)

_SCORE = "How sure it is, from 0 to 1."
_RULES = (
    "Which differences of spelling were seen through, or that somebody decided it; empty when the "
    "names are the same."
)


def _offering(link: Parent[records.CourseLink], info: Info) -> catalogue_records.Offering | None:
    return info.context.catalogue.offering(link.offering_id)


def _course(
    link: Parent[records.CourseLink | records.LikelyCourses], info: Info
) -> catalogue_records.Course | None:
    return info.context.catalogue.course(link.course_id)


def _other(pair: Parent[records.LikelyCourses], info: Info) -> catalogue_records.Course | None:
    return info.context.catalogue.course(pair.other_id)


def _partner(
    link: Parent[records.CourseLink | records.InstitutionSpelling], info: Info
) -> catalogue_records.PartnerStatus:
    return partner_of(link.partner, info)


def _global(kind: NodeKind, plain: str) -> strawberry.ID:
    return strawberry.ID(to_global_id(kind, plain))


@presents(records.CourseLink)
class CourseLink:
    """Why an offering belongs to a course that it has not founded."""

    offering_id: strawberry.ID = described(
        "The offering.", lambda root: _global(NodeKind.OFFERING, root.offering_id)
    )
    course_id: strawberry.ID = described(
        "The course.", lambda root: _global(NodeKind.COURSE, root.course_id)
    )
    offering: Offering | None = described("The offering; null if it is not there yet.", _offering)
    course: Course | None = described("The course; null if it is not there yet.", _course)
    partner: Partner = described("Who sells the offering.", _partner)
    title: str = described("The title as this partner spells it.")
    institution: str = described("The institution as this partner spells it.")
    score: float = described(_SCORE)
    rules: list[str] = described(_RULES)
    decided_by: records.LinkDecider = described("Who holds them to be one.")
    decided_at: datetime = described("Since when.")
    pinned: bool = described("An operator said so: it stays, whatever the partner calls it.")


@presents(records.LikelyCourses)
class LikelyCourses:
    """Two courses that may be one; `mergeCourses` says that they are."""

    course_id: strawberry.ID = described(
        "The one course.", lambda root: _global(NodeKind.COURSE, root.course_id)
    )
    other_id: strawberry.ID = described(
        "The other course.", lambda root: _global(NodeKind.COURSE, root.other_id)
    )
    course: Course | None = described("The one course; null if it is not there yet.", _course)
    other: Course | None = described("The other course; null if it is not there yet.", _other)
    title: str = described("The title of the one that is like the other's.")
    other_title: str = described("The title of the other that is like the one's.")
    score: float = described(_SCORE)
    rules: list[str] = described(_RULES)


@presents(records.InstitutionSpelling)
class InstitutionSpelling:
    """A name by which partners mean an institution; `splitInstitution` says that they do not."""

    name: str = described("The name as it is spelled.")
    partner: Partner = described("Who was the first to spell it so.", _partner)
    score: float = described(_SCORE)
    rules: list[str] = described(_RULES)
    decided_by: records.LinkDecider = described("Who holds it to be a name of the institution.")
    decided_at: datetime = described("Since when.")
    is_own: bool = described("Whether it is the name that the institution goes by.", name="own")


@presents(records.LinkError)
class LinkError:
    """Why a decision changes nothing."""

    code: records.LinkErrorCode = described("What is wrong, for programs.")
    message: str = described("What is wrong and what to do, for people.")


@strawberry.type(description="What a decision about courses came to.")
class CourseLinkPayload:
    """A course's id, or errors."""

    course_id: strawberry.ID | None = strawberry.field(
        description="The course that was kept or made; in the catalogue within two seconds."
    )
    errors: list[LinkError] = strawberry.field(
        description="Why nothing was changed; empty when it was.", name="userErrors"
    )


@strawberry.type(description="What a decision about institutions came to.")
class InstitutionLinkPayload:
    """An institution's id, or errors."""

    institution_id: strawberry.ID | None = strawberry.field(
        description="The institution that was kept; in the catalogue within two seconds."
    )
    errors: list[LinkError] = strawberry.field(
        description="Why nothing was changed; empty when it was.", name="userErrors"
    )


def to_course_payload(outcome: records.LinkOutcome) -> CourseLinkPayload:
    """Return a decision about courses as clients see it."""
    return CourseLinkPayload(
        course_id=_global(NodeKind.COURSE, outcome.kept) if outcome.kept else None,
        errors=list(outcome.errors),  # type: ignore[arg-type]  # records are their types' values
    )


def to_institution_payload(outcome: records.LinkOutcome) -> InstitutionLinkPayload:
    """Return a decision about institutions as clients see it."""
    return InstitutionLinkPayload(
        institution_id=_global(NodeKind.INSTITUTION, outcome.kept) if outcome.kept else None,
        errors=list(outcome.errors),  # type: ignore[arg-type]  # as above
    )
