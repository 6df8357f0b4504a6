"""The part of a course's text in which a search was found, with the words marked.  Pure."""

import re
from functools import lru_cache
from html import escape

from gateway.catalogue.index import SearchIndex, to_question_words
from gateway.catalogue.words import spelled_out, stem
from schema.model.catalogue import Course
from schema.search_ports import Snippet

LENGTH = 200  # characters, about
LEAD = 60  # of them before the first marked word
_WORD = re.compile(r"\w+")


def to_snippet(course: Course, search: str, index: SearchIndex) -> Snippet | None:
    """Return the summary (or else the title) around the words looked for; None without any."""
    _, required = to_question_words(search)
    meanings = [each for each in index.meanings(required) if each is not None]
    stems = {found for each in meanings for found in (*each.stems, *each.longer)}
    for text in (course.summary or "", course.title):
        marks = [match.span() for match in _WORD.finditer(text) if _is_meant(match, stems)]
        if marks:
            return _cut(text, marks)
    return None


def _is_meant(match: re.Match[str], stems: set[str]) -> bool:
    return not stems.isdisjoint(_stems_of(match.group()))


@lru_cache(maxsize=2**15)
def _stems_of(written: str) -> frozenset[str]:
    return frozenset(map(stem, spelled_out(written)))


def _cut(text: str, marks: list[tuple[int, int]]) -> Snippet:
    """Return about `LENGTH` characters around the first mark, cut between words."""
    begin = max(0, marks[0][0] - LEAD)
    if begin:
        begin = text.find(" ", begin, marks[0][0]) + 1 or marks[0][0]
    end = min(len(text), max(begin + LENGTH, marks[0][1]))
    if end < len(text):
        end = max(text.rfind(" ", marks[0][1], end), marks[0][1])
    shown = [(first, last) for first, last in marks if begin <= first and last <= end]
    html, at = "", begin
    for first, last in shown:
        html += f"{escape(text[at:first])}<mark>{escape(text[first:last])}</mark>"
        at = last
    html += escape(text[at:end])
    before, behind = "…" * (begin > 0), "…" * (end < len(text))
    return Snippet(text=f"{before}{text[begin:end]}{behind}", html=f"{before}{html}{behind}")
