"""Where a value comes from: a column, the first of several, a constant, or a template.

A column's name is looked up as it stands, and else as a dotted path into nested
values ("lembaga.nama"; a number picks from a list, `*` stands for each of it).
Nothing, blank text, an empty list and the feed's own words for nothing
(`empty = ["-"]`) are all None.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adapters.feed.options import Options
from adapters.feed.pieces import Shape, build_shape
from adapters.parsing import Record

Source = Callable[[Record], Any]

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
KINDS = ("from", "constant", "template", "first_of")
SOURCES = f"a source is a column, or one of {', '.join(KINDS)}"
NO_SOURCE = f"has no source; {SOURCES}"


def build_source(options: Options, empty: frozenset[str]) -> Source | None:
    """Return the source that `options` name, or None when they name none."""
    given = [kind for kind in KINDS if options.has(kind)]
    if len(given) > 1:
        raise options.wrong("", f"must have one source, not {' and '.join(given)}")
    if not given:
        return None
    source, shape = _build_bare(given, options, empty), build_shape(options)
    return _shaped(source, shape, empty) if shape else source


def all_of(columns: tuple[str, ...], empty: frozenset[str]) -> Callable[[Record], list[Any]]:
    """Return the source of every value in `columns` that is not empty, lists opened."""
    paths = [(column, tuple(column.split("."))) for column in columns]

    def values(row: Record) -> list[Any]:
        found = [row[column] if column in row else _walk(row, path) for column, path in paths]
        bare = [_without_emptiness(value, empty) for value in _opened(found)]
        return [value for value in bare if value is not None]

    return values


def _opened(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _opened(value)
        else:
            yield value


def _build_bare(given: list[str], options: Options, empty: frozenset[str]) -> Source:
    if given == ["constant"]:
        return _constant(options.raw("constant"))
    if given == ["template"]:
        return _template(options, empty)
    if given == ["first_of"]:
        return _first_source(options, empty)
    columns = options.texts("from")
    if not all(columns):
        raise options.wrong("from", "names a column without a name")
    return first_of(columns, empty)


def first_of(columns: tuple[str, ...], empty: frozenset[str]) -> Source:
    """Return the source that gives the first of `columns` that is not empty."""
    paths = [(column, tuple(column.split("."))) for column in columns]

    def value(row: Record) -> Any:
        for column, path in paths:
            found = row[column] if column in row else _walk(row, path)
            if "*" in path and isinstance(found, list):
                found = next((one for one in _opened(found) if one not in (None, "")), None)
            if (bare := _without_emptiness(found, empty)) is not None:
                return bare
        return None

    return value


def _walk(value: Any, path: tuple[str, ...]) -> Any:
    for number, step in enumerate(path):
        if step == "*" and isinstance(value, list):
            return [_walk(one, path[number + 1 :]) for one in value]
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _without_emptiness(value: Any, empty: frozenset[str]) -> Any:
    if isinstance(value, Mapping) and "#text" in value:  # an XML element with attributes
        value = value["#text"]
    if isinstance(value, str):
        bare = value.strip()
        return bare if bare and bare not in empty else None
    return None if value in ([], {}) else value


def _constant(value: Any) -> Source:
    return lambda _row: value


def _shaped(source: Source, shape: Shape, empty: frozenset[str]) -> Source:
    return lambda row: _without_emptiness(shape(source(row)), empty)


def _first_source(options: Options, empty: frozenset[str]) -> Source:
    """Return the first that is not empty of sources that each have parameters of their own."""
    sources: list[Source] = []
    for table in options.sources("first_of"):
        source = build_source(table, empty)
        if source is None:
            raise table.wrong("", NO_SOURCE)
        table.refuse_surplus("key of a source")
        sources.append(source)
    if not sources:
        raise options.wrong("first_of", "must be a list of sources")

    def value(row: Record) -> Any:
        return next((found for one in sources if (found := one(row)) is not None), None)

    return value


def _template(options: Options, empty: frozenset[str]) -> Source:
    template = options.required("template")
    columns = _PLACEHOLDER.findall(template)
    if not columns:
        raise options.wrong("template", "names no {column}; write a constant instead")
    sources = {column: first_of((column,), empty) for column in columns}

    def value(row: Record) -> str | None:
        found = {column: source(row) for column, source in sources.items()}
        if any(part is None for part in found.values()):
            return None  # half a template is worse than none
        return _PLACEHOLDER.sub(lambda match: str(found[match[1]]), template)

    return value
