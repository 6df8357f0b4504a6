"""Why offerings are held to be one course, and what operators decide about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schema.model.values import CourseId, OfferingId, PartnerCode


class LinkDecider(StrEnum):
    """Who holds an offering to belong to a course."""

    RULE = "RULE"
    OPERATOR = "OPERATOR"


class LinkErrorCode(StrEnum):
    """Why a decision about links changes nothing."""

    NOT_FOUND = "NOT_FOUND"
    NOTHING_TO_SPLIT = "NOTHING_TO_SPLIT"
    NOTHING_TO_MERGE = "NOTHING_TO_MERGE"


@dataclass(frozen=True, slots=True)
class CourseLink:
    """An offering in a course that it has not founded, or that an operator put it into.

    `score` is 1 for certainty; `rules` say what had to be seen through.
    """

    offering_id: OfferingId
    course_id: CourseId
    partner: PartnerCode
    title: str
    institution: str
    score: float
    rules: tuple[str, ...]
    decided_by: LinkDecider
    decided_at: datetime
    pinned: bool


@dataclass(frozen=True, slots=True)
class LikelyCourses:
    """Two courses that may be one: too alike to be ignored, not enough to be joined unasked."""

    course_id: CourseId
    other_id: CourseId
    title: str
    other_title: str
    score: float
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InstitutionSpelling:
    """A name by which partners mean an institution; `partner` was the first to spell it so."""

    name: str
    partner: PartnerCode
    score: float
    rules: tuple[str, ...]
    decided_by: LinkDecider
    decided_at: datetime
    is_own: bool  # the institution goes by it


@dataclass(frozen=True, slots=True)
class LinkError:
    """Why a decision changes nothing; `message` says what to do next."""

    code: LinkErrorCode
    message: str


@dataclass(frozen=True, slots=True)
class LinkOutcome:
    """What a decision came to: the id of the course, or institution, that it made or kept."""

    kept: str | None = None
    errors: tuple[LinkError, ...] = ()
