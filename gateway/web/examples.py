"""What the explorer's ready operations ask for: things that are really in the catalogue."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from gateway.identity.development import issue_token
from gateway.web.explorer import ReadyOperation
from schema.context import Context, Viewer
from schema.ids import NodeKind, to_global_id
from schema.model.catalogue import Course, Offering
from schema.model.values import EnrolmentMode
from schema.model.viewer import ANONYMOUS, Role
from schema.ports import CourseFilter, CourseQuery, Window

SEARCH = "desain grafis"
VISITOR = "explorer-visitor"  # the learner whose token stands in the headers
LIFETIME = timedelta(hours=8)
MOST_TRIED = 100


def issue_headers(data_dir: Path) -> Mapping[str, str]:
    """Return headers of a learner who may try everything; development only."""
    token = issue_token(data_dir, Role.LEARNER, VISITOR, lifetime=LIFETIME)
    return {"Authorization": f"Bearer {token}"}


def build_ready_operations(
    build_context: Callable[[Viewer], Context], headers: Mapping[str, str]
) -> Sequence[ReadyOperation]:
    """Return the explorer's tabs, over the present catalogue; `headers` say who asks."""
    courses = _affordable(build_context(ANONYMOUS))
    course = max(courses, key=lambda course: len(course.offerings), default=None)
    offering = next(filter(None, map(_bookable, courses)), None)
    wish = {
        "offeringId": to_global_id(NodeKind.OFFERING, offering.id) if offering else "",
        "idempotencyKey": f"explorer-{secrets.token_hex(4)}",
    }
    course_id = to_global_id(NodeKind.COURSE, course.id) if course else ""
    return (
        ReadyOperation("search", {"search": SEARCH, "filter": {}}, {}),
        ReadyOperation("course", {"id": course_id}, {}),
        ReadyOperation("enrol", {"input": wish}, headers),
        ReadyOperation("me", {}, headers),
    )


def _affordable(context: Context) -> Sequence[Course]:
    query = CourseQuery(filter=CourseFilter(price_max=1_000_000))
    return context.catalogue.courses(query, Window(first=MOST_TRIED)).nodes


def _bookable(course: Course) -> Offering | None:
    """Return an offering that can be enrolled in without choosing a session."""
    for offering in course.offerings:
        if offering.enrolment_mode is EnrolmentMode.DIRECT and not offering.sessions:
            return offering
    return None
