"""The piece of a text that a field wants: one of several parts, or what is under a heading.  Pure.

Descriptions that follow a template say in prose what other feeds say in columns.  A heading
is a line of its own in bold (or `h1` to `h6`), whatever tags surround it; what is under it
reaches to the next heading.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any

import nh3

from adapters.feed.options import Options
from adapters.parsing import TEXT_LENGTH
from schema.model.values import folded

Shape = Callable[[Any], Any]

LONGEST_HEADING = 80
MOST_TAGS = 5_000

_ESCAPED = re.compile(r"\\(r\\n|[rnt\"'\\/])")
_ESCAPES = {"r\\n": "\n", "r": "\n", "n": "\n", "t": "\t"}
_BOLD = {"b", "strong", "h1", "h2", "h3", "h4", "h5", "h6"}
_BREAKS = {"br", "p", "div", "ul", "ol", "li", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6"}


def build_shape(options: Options) -> Shape | None:
    """Return how the value of a source is cut to the piece that is wanted; None: it is not."""
    shapes = [
        _unescaped if options.flag("backslashes") else None,
        _under(options.texts("heading")),
        _part(options),
        _stripped(options.text("strip")),
    ]
    given = [shape for shape in shapes if shape]
    return (lambda value: _apply(given, value)) if given else None


def text_under(html: str, headings: tuple[str, ...]) -> str | None:
    """Return the lines under the first of `headings` that `html` has, or None."""
    wanted = [folded(heading).rstrip(" :") for heading in headings]
    sections = _sections(html[:TEXT_LENGTH])
    return next((sections[name] for name in wanted if sections.get(name)), None)


def _apply(shapes: list[Shape], value: Any) -> Any:
    for shape in shapes:
        if isinstance(value, str):
            value = shape(value)
    return value


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), text)


def _under(headings: tuple[str, ...]) -> Shape | None:
    return (lambda html: text_under(html, headings)) if headings else None


def _stripped(surplus: str) -> Shape | None:
    return (lambda text: text.strip(f"{surplus} ") or None) if surplus else None


def _part(options: Options) -> Shape | None:
    separator = options.text("separator")
    which = options.choice("part", ("first", "last"), "first")
    if not separator:
        if options.has("part"):
            raise options.wrong("part", 'needs a separator, such as "|"')
        return None
    return lambda text: text.split(separator)[0 if which == "first" else -1].strip() or None


@lru_cache(maxsize=4)  # one row asks for several headings of one text
def _sections(html: str) -> Mapping[str, str]:
    """Return the lines under each heading, folded; of two equal ones the first counts."""
    if html.count("<") > MOST_TAGS:
        return {}  # nothing but tags: written to do harm
    return dict(reversed(list(_parted(html))))


def _parted(html: str) -> Iterator[tuple[str, str]]:
    """Yield each heading with the lines under it."""
    reader = _Lines()
    reader.feed(nh3.clean(html, tags=_BOLD | _BREAKS, attributes={}))  # scripts go, tags match
    reader.close()
    name, lines = "", list[str]()
    for bold, plain in reader.to_lines():
        if bold and len(bold) <= LONGEST_HEADING and (not plain or _is_label(bold, plain)):
            yield name, "\n".join(lines)
            name, lines = folded(bold).rstrip(" :"), [rest] if (rest := plain.lstrip(" :")) else []
        else:
            lines.append(f"{bold} {plain}".strip())
    yield name, "\n".join(lines)


def _is_label(bold: str, plain: str) -> bool:
    """Return whether a line is "Durasi: 4 jam" with a bold beginning."""
    return bold.endswith(":") or plain.startswith(":")


class _Lines(HTMLParser):
    """Parts HTML into lines of which it is known how much of their beginning is bold."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[list[tuple[bool, str]]] = [[]]
        self._bold = 0

    def to_lines(self) -> Iterator[tuple[str, str]]:
        """Yield the bold beginning of every line that says something, and its rest."""
        for line in self._lines:
            at = next((n for n, (bold, text) in enumerate(line) if not bold and text.strip()), None)
            bold = " ".join("".join(text for _, text in line[:at]).split())
            plain = "" if at is None else " ".join("".join(text for _, text in line[at:]).split())
            if bold or plain:
                yield bold, plain

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._count(tag, 1)

    def handle_endtag(self, tag: str) -> None:
        self._count(tag, -1)

    def handle_data(self, data: str) -> None:
        self._lines[-1].append((self._bold > 0, data))

    def _count(self, tag: str, by: int) -> None:
        if tag in _BREAKS and self._lines[-1]:
            self._lines.append([])
        if tag in _BOLD:
            self._bold = max(0, self._bold + by)
