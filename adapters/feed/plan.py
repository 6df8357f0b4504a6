"""What a feed is made of: one source, or several that are walked one after the other.  Pure.

Each `[[partner.options.sources]]` is a feed of its own, which takes over what the options say
for all of them.  A cursor is the name of a source, with the link of its page if it has pages.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from adapters.base import Cursor, LeftOut, Page, PartnerSettings, Rejection, Validators
from adapters.errors import CursorExpiredError
from adapters.feed.formats import BadRow, Row
from adapters.feed.large import Cut, build_cut
from adapters.feed.mapping import Desk, FeedMapping, build_source_mapping
from adapters.feed.options import Options
from adapters.feed.runs import RunsMapping, build_runs
from adapters.feed.sources import Source, first_of
from adapters.parsing import Record, clean_title
from schema.model.values import PartnerCode

Index = Mapping[str, list[Row]]  # the rows of a joined source, by what they are joined on

_NAME = re.compile(r"[a-z0-9_]{1,40}")
_OF_OFFERINGS = ("fields", "key", "enrolments", "duplicates")  # means nothing to runs alone


@dataclass(frozen=True, slots=True)
class Join:
    """Rows of another source, put into the rows of this one as the list `name`."""

    name: str
    source: str
    ours: Source
    theirs: Source


@dataclass(frozen=True, slots=True)
class FeedSource:
    """One file or address of a feed; `name` is empty where there is only one."""

    name: str
    path: str
    mapping: FeedMapping | RunsMapping
    next_at: Source | None = None
    joins: tuple[Join, ...] = ()
    cut: Cut | None = None  # how its file may be cut into pages, if it is large

    def to_page(
        self,
        body: bytes,
        validators: Validators | None = None,
        joined: Mapping[str, Index] | None = None,
    ) -> Page:
        """Translate one answer; `joined` are the rows that its joins find, by their names."""
        page = self.mapping.to_page(body, validators, self._enrich(joined or {}))
        return self._named(page) if self.name else page

    def rows(self, body: bytes) -> Iterable[Row]:
        """Return the rows of an answer that no rule leaves out, for another source to join."""
        return (
            row
            for row in self.mapping.format(body)
            if not isinstance(row, BadRow)
            and not any(rule.leaves_out(row) for rule in self.mapping.rules)
        )

    def next_link(self, body: bytes) -> str | None:
        """Return the link to the page after this one, if the source has pages."""
        if self.next_at is None:
            return None
        document = orjson.loads(body.removeprefix(BOM_UTF8))
        link = self.next_at(document) if isinstance(document, Mapping) else None
        return link if isinstance(link, str) else None

    def _enrich(self, joined: Mapping[str, Index]) -> Callable[[Row], Row]:
        indices = [(join, joined[join.name]) for join in self.joins]

        def enrich(row: Row) -> Row:
            if isinstance(row, BadRow):
                return row
            found = {join.name: _matching(join, index, row) for join, index in indices}
            return {**row, **found}

        return enrich if indices else lambda row: row

    def _named(self, page: Page) -> Page:
        """Return `page` with the source's name before what is listed of it."""
        return replace(
            page,
            left_out=tuple(
                LeftOut(f"{self.name}: {each.key}", each.rule) for each in page.left_out
            ),
            rejections=tuple(map(self._named_rejection, page.rejections)),
        )

    def _named_rejection(self, rejection: Rejection) -> Rejection:
        return replace(rejection, reason=clean_title(f"{self.name}: {rejection.reason}"))


@dataclass(frozen=True, slots=True)
class Feed:
    """Every source of a partner, in the order in which they are walked."""

    partner: PartnerCode
    sources: tuple[FeedSource, ...]

    @property
    def desk(self) -> Desk | None:
        """Where the partner takes enrolments."""
        mappings = (source.mapping for source in self.sources)
        return next((each.desk for each in mappings if isinstance(each, FeedMapping)), None)

    def at(self, cursor: Cursor | None) -> tuple[FeedSource, str]:
        """Return the source and path that `cursor` asks for.  Raises `CursorExpiredError`."""
        if cursor is None:
            return self.sources[0], self.sources[0].path
        name, _, link = cursor.partition(" ")
        for source in self.sources:
            if source.name == name:
                return source, link or source.path
        raise CursorExpiredError(self.partner, f"has no source {name!r} any more")

    def named(self, name: str) -> FeedSource:
        """Return the source of this name."""
        return next(source for source in self.sources if source.name == name)

    def after(self, source: FeedSource, link: str | None) -> Cursor | None:
        """Return the cursor after a page of `source` that says `link` is next."""
        if link:
            return Cursor(f"{source.name} {link}")
        following = self.sources[self.sources.index(source) + 1 :]
        return Cursor(following[0].name) if following else None


def _matching(join: Join, index: Index, row: Record) -> list[Row]:
    key = join.ours(row)
    return [] if key is None else index.get(str(key), [])


def to_index(join: Join, rows: Iterable[Row]) -> Index:
    """Return the rows of the joined source by what they are joined on."""
    index: dict[str, list[Row]] = {}
    for row in rows:
        if not isinstance(row, BadRow) and (key := join.theirs(row)) is not None:
            index.setdefault(str(key), []).append(row)
    return index


def build_feed(settings: PartnerSettings) -> Feed:
    """Return the feed that a partner's options describe.  Raises `FeedOptionsError`."""
    where = f"partner {settings.code!r}: options"
    options = Options(where, settings.options)
    if not options.has("sources"):
        source = _build_source(options, settings.code, "")
        if isinstance(source.mapping, RunsMapping):
            raise options.wrong("sessions.of", "needs sources: of what are these the sessions?")
        if source.joins:
            raise options.wrong("join", "needs sources: there is nothing else to join")
        return Feed(settings.code, (source,))
    common = {key: value for key, value in settings.options.items() if key != "sources"}
    sources: list[FeedSource] = []
    for table in options.tables("sources"):
        name = table.required("name")
        if not _NAME.fullmatch(name) or name in {source.name for source in sources}:
            raise table.wrong("name", f"must be a name of its own in a-z, 0-9 and _, not {name!r}")
        merged = Options(f"{where}.sources.{name}", _merged(common, table.content))
        merged.text("name")
        sources.append(_build_source(merged, settings.code, name))
    if not sources:
        raise options.wrong("sources", "is empty: name a source, or leave it out")
    _check_joins(options, sources)
    return Feed(settings.code, tuple(sources))


def _merged(common: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a source says, and what is said for all of them where it is silent."""
    sessions = own.get("sessions")
    if isinstance(sessions, Mapping) and "of" in sessions:
        common = {key: value for key, value in common.items() if key not in _OF_OFFERINGS}
    both = (common.get("fields"), own.get("fields"))
    merged = {**common, **own}
    if all(isinstance(fields, Mapping) for fields in both):
        merged["fields"] = {**both[0], **both[1]}  # type: ignore[dict-item]
    return merged


def _build_source(options: Options, partner: PartnerCode, name: str) -> FeedSource:
    next_at, path = options.texts("next"), options.text("path")
    if next_at and (options.text("format") != "json" or options.has("encoding")):
        sentence = "is for JSON in UTF-8: it names where the link to the next page stands"
        raise options.wrong("next", sentence)
    joins = _build_joins(options)
    is_runs = options.has("sessions") and options.table("sessions").has("of")
    mapping = build_runs(options, partner) if is_runs else build_source_mapping(options, partner)
    link = first_of(next_at, frozenset()) if next_at else None
    can_be_parted = not joins and isinstance(mapping, FeedMapping) and not mapping.rows_are_sessions
    cut = build_cut(options, can_be_parted=can_be_parted)
    return FeedSource(name, path, mapping, link, joins, cut)


def _build_joins(options: Options) -> tuple[Join, ...]:
    joins: list[Join] = []
    for table in options.tables("join"):
        ours, theirs = table.texts("ours") or table.texts("on"), table.texts("theirs")
        theirs = theirs or table.texts("on")
        if not ours or not theirs:
            raise table.wrong("on", "is missing: the column that both sources have")
        source = table.required("source")
        join = Join(
            name=table.text("as", source),
            source=source,
            ours=first_of(ours, frozenset()),
            theirs=first_of(theirs, frozenset()),
        )
        table.refuse_surplus()
        joins.append(join)
    return tuple(joins)


def _check_joins(options: Options, sources: list[FeedSource]) -> None:
    whole = [source.name for source in sources if source.next_at is None]
    for source in sources:
        for join in source.joins:
            if join.source not in whole:
                sentence = f"joins {join.source!r}, which is no source, or one of several pages"
                raise options.wrong(f"sources.{source.name}.join", sentence)
