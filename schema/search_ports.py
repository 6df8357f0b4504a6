"""What searching tells besides the courses: where it was found, and what else was meant."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from schema.model.catalogue import Course


@dataclass(frozen=True, slots=True)
class Snippet:
    """The part of a text in which the words were found; `html` marks them, all else escaped."""

    text: str
    html: str


class SuggestionKind(StrEnum):
    """What a suggestion is."""

    WORD = "WORD"
    INSTITUTION = "INSTITUTION"
    COURSE = "COURSE"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text that a client may put into the search field."""

    text: str
    kind: SuggestionKind


class SearchReader(Protocol):
    """The catalogue's search; answered from memory."""

    def snippet(self, course: Course, search: str) -> Snippet | None:
        """Return where `search` was found in a course; None if in none of its shown texts."""

    def suggestions(self, text: str, first: int) -> Sequence[Suggestion]:
        """Return up to `first` texts that somebody who has typed `text` may mean."""
