"""The texts by which a course is found, as words.  Pure."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from gateway.catalogue.words import spelled_out, stem, subject

DIGEST_BYTES = 8


class Document(NamedTuple):
    """The texts of one course by which it is found."""

    title: str
    institution: str = ""
    topic: str = ""
    summary: str = ""

    def digest(self) -> bytes:
        """Return what stands for the texts: another text has another digest."""
        return blake2b("\0".join(self).encode(), digest_size=DIGEST_BYTES).digest()


def spelled(document: Document) -> dict[str, Sequence[str]]:
    """Return the words of each text."""
    return {
        "title": spelled_out(document.title),
        "institution": _spelled_often(document.institution),
        "topic": _spelled_often(document.topic),
        "summary": spelled_out(document.summary),
    }


@lru_cache(maxsize=4_096)
def _spelled_often(text: str) -> Sequence[str]:
    """Return the words of a text that many courses have alike."""
    return spelled_out(text)


def words_of(told: Mapping[str, Sequence[str]]) -> set[str]:
    """Return all words, each once."""
    return set().union(*told.values())


def stems_of(told: Mapping[str, Sequence[str]]) -> Mapping[str, frozenset[str]]:
    """Return the roots of each field, and of what the title says is taught."""
    fields = {**told, "subject": subject(told["title"])}
    return {field: frozenset(map(stem, words)) for field, words in fields.items()}
