"""A feed's rows to canonical records, as the partner's options say.  Pure.

`build_mapping` checks the options and compiles them once; `FeedMapping.to_page` then
runs over every row.  Rows that share a key are one offering: a feed of one row per
session gives its sessions; any other feed repeats itself, and the rest is "duplicate".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.base import Page, PartnerSettings, Validators
from adapters.errors import UnreadableListError
from adapters.feed.formats import BadRow, Format, Row, build_format
from adapters.feed.keys import DUPLICATE, RequiredKey, Rule, build_key, build_rule, required_key
from adapters.feed.large import LARGEST
from adapters.feed.options import Options
from adapters.feed.prices import PriceReader, build_prices
from adapters.feed.readers import Empty, FieldReader, Terms, build_field
from adapters.feed.sessions import NO_SESSIONS, UNREADABLE, SessionMapping, build_sessions
from adapters.feed.shelf import Shelf
from adapters.fields import count_fields
from adapters.parsing import Record, RowError
from schema.model.catalogue import ListedCourse, Offering, Session
from schema.model.values import EnrolmentMode, PartnerCode, RemoteId

LISTED = (
    "title", "institution", "summary", "description_html", "category", "level", "languages",
    "duration_minutes", "rating", "rating_count", "image_url",
)  # fmt: skip
REQUIRED = ("title", "institution")
SOLD = ("delivery_mode", "url", "bundle", "bookable")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a feed partner takes enrolments, and whether it books sessions only."""

    path: str
    session_required: bool = False


@dataclass(frozen=True, slots=True)
class FeedMapping:
    """Everything that a partner's options say, checked and compiled."""

    partner: PartnerCode
    format: Format
    key: RequiredKey
    fields: Mapping[str, FieldReader]
    prices: PriceReader
    sessions: SessionMapping | None
    rules: tuple[Rule, ...]
    desk: Desk | None
    keeps_last: bool

    @property
    def rows_are_sessions(self) -> bool:
        """Whether rows that share a key are sessions of one offering."""
        return self.sessions is not None and self.sessions.source is None

    def to_page(
        self,
        body: bytes,
        validators: Validators | None = None,
        enrich: Callable[[Row], Row] = lambda row: row,
    ) -> Page:
        """Translate the whole feed.  Raises `UnreadableListError` if no row can be read."""
        shelf = Shelf(
            keeps_last=self.keeps_last,
            rows_are_sessions=self.rows_are_sessions,
            needs_sessions=self.desk is not None and self.desk.session_required,
        )
        for number, row in enumerate(map(enrich, self.format(body)), start=1):
            self._put(shelf, number, row)
        if shelf.has_only_rejections:
            reason = f"no row can be read; the first: {shelf.first_reason}"
            raise UnreadableListError(self.partner, reason, shelf.to_page(validators))
        return shelf.to_page(validators)

    def _put(self, shelf: Shelf, number: int, row: Row) -> None:
        """Put what `row` says on the shelf: an offering, or why there is none."""
        if isinstance(row, BadRow):
            shelf.reject(number, None, row.reason, row.raw)
            return
        count_fields(shelf.fields, row)
        if rule := next((rule for rule in self.rules if rule.leaves_out(row)), None):
            shelf.leave_out(self._key_or_place(number, row), rule.name)
            return
        key: RemoteId | None = None
        try:
            key = self.key(row)
            terms: Terms = []
            found = self.sessions.to_sessions(row, terms) if self.sessions else NO_SESSIONS
            shelf.add(self._to_offering(key, row, terms, found.sessions))
        except UNREADABLE as exc:
            shelf.reject(number, key, str(exc), row)
            return
        for session_key in found.repeated:
            shelf.leave_out(session_key, DUPLICATE)
        for bad in found.bad:
            shelf.reject(number, key, bad.reason, bad.raw)

    def _key_or_place(self, number: int, row: Record) -> RemoteId:
        try:
            return self.key(row)
        except UNREADABLE:
            return RemoteId(f"row {number}")

    def _to_offering(
        self, key: RemoteId, row: Record, terms: Terms, sessions: tuple[Session, ...]
    ) -> Offering:
        told: dict[str, Any] = {}
        for name, read in self.fields.items():
            value = read(row, terms)
            if value is not None:
                told[name] = value
            elif name in REQUIRED:
                raise RowError(f"{name}: is empty")
        price, list_price = self.prices(row, terms)
        bookable = told.pop("bookable", True) and self.desk is not None
        sold = {name: told.pop(name) for name in SOLD if name in told}
        return Offering(
            partner=self.partner,
            key=key,
            listed=ListedCourse(**told),
            price=price,
            list_price=list_price,
            enrolment_mode=EnrolmentMode.DIRECT if bookable else EnrolmentMode.LINK,
            sessions=sessions,
            unknown_terms=tuple(terms),
            **sold,
        )


def build_mapping(settings: PartnerSettings) -> FeedMapping:
    """Return the mapping of a feed partner.  Raises `FeedOptionsError`."""
    options = Options(f"partner {settings.code!r}: options", settings.options)
    return build_source_mapping(options, settings.code)


def build_source_mapping(options: Options, partner: PartnerCode) -> FeedMapping:
    """Return the mapping of one source of a feed.  Raises `FeedOptionsError`."""
    empty: Empty = frozenset(options.texts("empty"))
    fields = options.table("fields")
    duplicates = options.choice("duplicates", ("keep_last", "keep_first"), "keep_last")
    mapping = FeedMapping(
        partner=partner,
        format=build_format(options, partner, _required_columns(fields)),
        key=required_key(build_key(options.source("key"), empty)),
        fields=_build_fields(fields, empty),
        prices=build_prices(fields.source("price"), fields.source("list_price"), empty),
        sessions=_build_sessions(options, partner, empty),
        rules=tuple(build_rule(rule, empty) for rule in options.tables("leave_out")),
        desk=_build_desk(options),
        keeps_last=duplicates == "keep_last",
    )
    fields.refuse_surplus("field of courses")
    options.text("path")  # the source's
    options.raw(LARGEST)  # likewise
    for name in ("auth", "errors", "error_code_at"):
        options.raw(name)  # the registry's business
    options.refuse_surplus()
    return mapping


def _build_fields(fields: Options, empty: Empty) -> Mapping[str, FieldReader]:
    for name in REQUIRED:
        if not fields.has(name):
            raise fields.wrong(name, "is missing: every course has a title and an institution")
    given = [name for name in (*LISTED, *SOLD) if fields.has(name)]
    return {name: build_field(name, fields.source(name), empty) for name in given}


def _required_columns(fields: Options) -> Mapping[str, tuple[str, ...]]:
    columns = {name: fields.source(name).texts("from") for name in REQUIRED}
    return {name: told_by for name, told_by in columns.items() if told_by}


def _build_sessions(options: Options, partner: PartnerCode, empty: Empty) -> SessionMapping | None:
    if not options.has("sessions"):
        return None
    return build_sessions(options.table("sessions"), partner, empty)


def _build_desk(options: Options) -> Desk | None:
    if not options.has("enrolments"):
        return None
    desk = options.table("enrolments")
    found = Desk(desk.required("path"), session_required=desk.flag("session_required"))
    desk.refuse_surplus()
    return found
