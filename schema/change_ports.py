"""What a client that keeps a copy of the catalogue needs: what changed since its last look."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from schema.model.catalogue import Course
from schema.model.values import CourseId
from schema.page_ports import Slice


class CatalogueChangeKind(StrEnum):
    """What became of a course between two revisions, all in all."""

    ADDED = "ADDED"
    CHANGED = "CHANGED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class CatalogueChange:
    """The net effect on one course; `course` is None when it is withdrawn.

    `merged_into` is the course that one leads to now which was merged.
    """

    kind: CatalogueChangeKind
    course_id: CourseId
    course: Course | None = None
    merged_into: CourseId | None = None


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A page of changes; a client that has all pages stands at `revision`.

    `part.total` counts the page alone: the whole would have to be read to be counted.
    """

    part: Slice[CatalogueChange]
    revision: int


class UnknownRevisionError(ValueError):
    """The catalogue has never had this revision."""


class ChangesExpiredError(Exception):
    """The log no longer reaches back to the revision; `kept_since` is the oldest it does."""

    def __init__(self, kept_since: int) -> None:
        super().__init__(f"changes are kept since revision {kept_since}")
        self.kept_since = kept_since


class CatalogueChanges(Protocol):
    """The change log, as of the snapshot that the same request sees."""

    async def read_changes(self, since: int, size: int, after: str | None) -> ChangePage:
        """Return one page of what changed after revision `since`; 0 asks for everything.

        Raises `UnknownRevisionError`, `ChangesExpiredError` and `BadCursorError`.
        """
