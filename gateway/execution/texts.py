"""A text that is read token by token, and what is said where another token was expected."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from graphql import GraphQLSyntaxError, Location, NameNode, Source

from gateway.execution.tokens import IGNORED, NAME, described

NAMED = re.compile(f"({NAME}){IGNORED}")
_IGNORED = re.compile(IGNORED)
T = TypeVar("T")
Names = Mapping[str, NameNode]


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a node stands: a `Location` that no garbage collection looks at."""

    start: int
    end: int
    source: Source

    def __hash__(self) -> int:
        return hash((self.start, self.end))


class Text:
    """Reads one text from its beginning; `_at` is where the next token begins."""

    def __init__(self, text: str, names: Names) -> None:
        self._source = Source(text)
        self._text = text
        self._names = names
        self._own_names: dict[str, NameNode] = {}
        self._end = 0  # of the last token
        self._at = 0
        self._advance(0)

    def _many(self, opens: str, read: Callable[[], T], closes: str) -> tuple[T, ...]:
        self._expect(opens)
        read_all = [read()]
        while self._next() != closes:
            read_all.append(read())
        self._advance(1)
        return tuple(read_all)

    def _any(self, opens: str, read: Callable[[], T], closes: str) -> tuple[T, ...]:
        self._expect(opens)
        read_all = []
        while self._next() != closes:
            read_all.append(read())
        self._advance(1)
        return tuple(read_all)

    def _named(self) -> NameNode:
        start = self._at
        found = self._name()
        return NameNode(loc=self._place(start, self._end), value=found[1])

    def _shared(self, name: str) -> NameNode:
        """Return the one node of a name at which no error ever points."""
        made = self._names.get(name) or self._own_names.get(name)
        if made is None:
            made = self._own_names[name] = NameNode(value=name)
        return made

    def _name(self) -> re.Match[str]:
        found = NAMED.match(self._text, self._at)
        if found is None:
            raise self._expected("Name")
        self._end, self._at = found.end(1), found.end()
        return found

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _expect(self, mark: str) -> None:
        if not self._text.startswith(mark, self._at):
            raise self._expected(f"'{mark}'")
        self._advance(len(mark))

    def _advance(self, length: int) -> None:
        self._end = self._at + length
        found = _IGNORED.match(self._text, self._end)
        self._at = found.end() if found else self._end

    def _place(self, start: int, end: int | None = None) -> Location:
        return Place(start, end or self._end, self._source)  # type: ignore[return-value]  # it is as good

    def _expected(self, what: str) -> GraphQLSyntaxError:
        message = f"Expected {what}, found {described(self._source, self._at)}."
        return GraphQLSyntaxError(self._source, self._at, message)

    def _unexpected(self, at: int) -> GraphQLSyntaxError:
        return GraphQLSyntaxError(self._source, at, f"Unexpected {described(self._source, at)}.")
