"""Whether a catalogue still shows what the one before it did.  Pure."""

from collections.abc import Iterable

from gateway.catalogue.snapshot import Snapshot
from schema.model.catalogue import Course
from schema.model.values import CourseId


def shows_no_less(before: Snapshot, now: Snapshot, changed: Iterable[CourseId]) -> bool:
    """Return whether nothing has gone, where only these courses have changed, or blocks have."""
    hides_more = now.hidden[: len(before.hidden)] & ~before.hidden
    return not hides_more.any() and not any(
        _loses(before.course(each), now.course(each)) for each in changed
    )


def _loses(before: Course | None, now: Course | None) -> bool:
    """Return whether anything of a course that was shown is not there any more."""
    return before is not None and not _shown(before) <= _shown(now)


def _shown(course: Course | None) -> set[str]:
    """Return what can be bought of a course: it, who sells it, and when it runs."""
    if course is None or course.withdrawn:
        return set()
    runs = (run.id for offering in course.offerings for run in offering.sessions)
    return {course.id, *(offering.id for offering in course.offerings), *runs}
