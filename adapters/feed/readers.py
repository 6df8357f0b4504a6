"""How the canonical fields are read: each field knows its kind, options refine it.  Pure.

`READERS` is the whole list: canonical name to the function that builds its reader from
the field's table.  A reader gets a value that is not empty, the row it stands in and
the list of unknown terms; it raises `ValueError` when it cannot make sense of the value.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from adapters import parsing
from adapters.feed.options import Options
from adapters.feed.sources import NO_SOURCE, Source, build_source, first_of
from adapters.parsing import Record
from schema.model.catalogue import Category, UnknownTerm
from schema.model.values import CourseLevel, DeliveryMode, folded

Terms = list[UnknownTerm]
Reader = Callable[[Any, Record, Terms], Any]
FieldReader = Callable[[Record, Terms], Any]
Empty = frozenset[str]
Word = TypeVar("Word", bound=StrEnum)

_REGION = re.compile(r"(\d\d)\.?(\d\d)?\.?(\d\d)?\.?(\d{4})?")
_HOST_FIRST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#].*)?")
_MINUTES_PER = {"minutes": 1, "hours": 60, "days": 60 * 24}
EPOCH = "epoch"  # the format of times that are seconds since 1970
_SOME_TIME = datetime(2020, 4, 11, 9, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many places there are; `seats` None with `unlimited` means no limit."""

    seats: int | None
    unlimited: bool = False


def build_field(name: str, options: Options, empty: Empty) -> FieldReader:
    """Return the reader of canonical field `name`, which gives None for an empty source."""
    make = READERS[name]
    source = build_source(options, empty)
    if source is None:
        raise options.wrong("", NO_SOURCE)
    convert = make(name, options, empty)
    options.refuse_surplus()
    return reading(name, source, convert, options)


def reading(name: str, source: Source, convert: Reader, options: Options) -> FieldReader:
    """Return `convert` over `source`, whose failures name the field; try a constant at once."""

    def read(row: Record, terms: Terms) -> Any:
        value = source(row)
        if value is None:
            return None
        try:
            return convert(value, row, terms)
        except (ArithmeticError, TypeError, ValueError) as exc:
            raise parsing.RowError(f"{name}: {exc}") from exc

    if options.has("constant"):
        _try_constant(options, read)
    return read


def _try_constant(options: Options, read: FieldReader) -> None:
    terms: Terms = []
    try:
        read({}, terms)
    except parsing.RowError as exc:
        raise options.wrong("constant", f"cannot be read: {exc}") from exc
    if terms:
        raise options.wrong("constant", f"{terms[0].text!r} is not a word that we know")


def _line(_name: str, options: Options, _empty: Empty) -> Reader:
    plain = _plain(options)
    return lambda value, _row, _terms: _said(parsing.clean_title(plain(_scalar(value))))


def _plain(options: Options) -> Callable[[str], str]:
    return parsing.plain_text if options.flag("html") else str


def _text(_name: str, options: Options, _empty: Empty) -> Reader:
    clean = parsing.plain_text if options.flag("html") else parsing.clean_text
    return lambda value, _row, _terms: clean(_scalar(value)) or None


def _html(_name: str, _options: Options, _empty: Empty) -> Reader:
    return lambda value, _row, _terms: parsing.clean_text(_scalar(value)) or None


def _url(_name: str, options: Options, _empty: Empty) -> Reader:
    scheme = options.choice("scheme", ("none", "http", "https"), "none")
    base = options.text("base").rstrip("/")
    if base and parsing.to_url(base) is None:
        raise options.wrong("base", f"must be a web address, not {base!r}")

    def read(value: Any, _row: Record, _terms: Terms) -> str | None:
        address = _scalar(value)
        if base and address.startswith("/") and not address.startswith("//"):
            address = f"{base}{address}"
        if scheme != "none" and _HOST_FIRST.fullmatch(address):
            address = f"{scheme}://{address}"
        return parsing.to_url(address)

    return read


def _vocabulary(kind: type[Word], unknown: Word) -> Callable[[str, Options, Empty], Reader]:
    """Return the maker of readers of `kind`: our own words, and those that `words` translate."""

    def make(name: str, options: Options, _empty: Empty) -> Reader:
        known = dict(kind.__members__)
        for theirs, ours in options.words("words").items():
            if ours not in kind.__members__:
                allowed = ", ".join(kind.__members__)
                raise options.wrong(f"words.{theirs!r}", f"must be one of {allowed}, not {ours!r}")
            known[theirs] = kind[ours]
        vocabulary = parsing.Vocabulary(known, unknown=unknown)
        return lambda value, _row, terms: vocabulary.read(name, _scalar(value), terms)

    return make


def _category(_name: str, options: Options, _empty: Empty) -> Reader:
    words = _translations(options)
    plain = _plain(options)

    def read(value: Any, _row: Record, _terms: Terms) -> Category | None:
        text = plain(_scalar(value))
        return parsing.category(words.get(folded(text), text))

    return read


def _languages(_name: str, options: Options, _empty: Empty) -> Reader:
    words = _translations(options)
    split = options.text("split", ",")

    def read(value: Any, _row: Record, _terms: Terms) -> tuple[str, ...] | None:
        parts = value if isinstance(value, list) else _scalar(value).split(split)
        texts = [text for part in parts if (text := _scalar(part))]
        return tuple(words.get(folded(text), text) for text in texts) or None

    return read


def _translations(options: Options) -> Mapping[str, str]:
    return {folded(theirs): ours for theirs, ours in options.words("words").items()}


def _minutes(_name: str, options: Options, _empty: Empty) -> Reader:
    factor = _MINUTES_PER[options.choice("unit", _MINUTES_PER, "minutes")]

    def read(value: Any, _row: Record, _terms: Terms) -> int | None:
        try:
            number = float(_scalar(value).replace(",", "."))
        except ValueError:
            return parsing.minutes(value)  # it names its own unit
        return parsing.minutes(number * factor)

    return read


def _rating(_name: str, _options: Options, _empty: Empty) -> Reader:
    return lambda value, _row, _terms: parsing.rating(value)


def _count(_name: str, _options: Options, _empty: Empty) -> Reader:
    return lambda value, _row, _terms: _places(value)


def _limit(_name: str, options: Options, _empty: Empty) -> Reader:
    unlimited = {folded(word) for word in options.texts("unlimited")}

    def read(value: Any, _row: Record, _terms: Terms) -> Limit:
        if folded(str(value)) in unlimited:
            return Limit(seats=None, unlimited=True)
        return Limit(_places(value))

    return read


def _flag(_name: str, options: Options, _empty: Empty) -> Reader:
    words = {folded(word): True for word in options.texts("true")}
    words |= {folded(word): False for word in options.texts("false")}

    def read(value: Any, _row: Record, _terms: Terms) -> bool:
        word = words.get(folded(str(value)))
        return parsing.flag(value) if word is None else word

    return read


def _time(_name: str, options: Options, empty: Empty) -> Reader:
    formats = options.texts("format")
    is_epoch = formats == (EPOCH,)
    for form in () if is_epoch else formats:
        _check_format(options, form)
    zone = options.text("zone", "Asia/Jakarta")
    try:
        parsing.zone_of(zone)
    except parsing.RowError as exc:
        raise options.wrong("zone", f"{zone!r} is not a time zone; try WITA, Asia/Tokyo") from exc
    columns = options.texts("zone_from")
    told_zone = first_of(columns, empty) if columns else lambda _row: None

    def read(value: Any, row: Record, _terms: Terms) -> datetime | None:
        place = _scalar(told_zone(row) or zone)
        if is_epoch:
            moment = datetime.fromtimestamp(parsing.whole(value), UTC)
            return parsing.local_time(moment.isoformat(), place)
        return parsing.local_time(_scalar(value), place, formats)

    return read


def _check_format(options: Options, form: str) -> None:
    try:
        datetime.strptime(_SOME_TIME.strftime(form), form)  # noqa: DTZ007  only the form matters
    except ValueError as exc:
        sentence = f"{form!r} is no form of a time; write one like %d/%m/%Y %H:%M"
        raise options.wrong("format", sentence) from exc


def _region(name: str, _options: Options, _empty: Empty) -> Reader:
    def read(value: Any, _row: Record, terms: Terms) -> str | None:
        text = _scalar(value)
        if match := _REGION.fullmatch(text):
            return ".".join(part for part in match.groups() if part)
        terms.append(UnknownTerm(name, parsing.clean_title(text)))
        return None

    return read


def _places(value: Any) -> int:
    number = parsing.whole(value)
    if number < 0:
        raise parsing.RowError(f"{number} cannot be negative")
    return number


def _said(text: str) -> str:
    if not text:
        raise parsing.RowError("is blank")
    return text


def _scalar(value: Any) -> str:
    if isinstance(value, Mapping | list):
        raise parsing.RowError("is not one value; name what is inside it, with dots")
    return str(value).strip()


READERS: Mapping[str, Callable[[str, Options, Empty], Reader]] = {
    "title": _line,
    "institution": _line,
    "summary": _text,
    "description_html": _html,
    "category": _category,
    "level": _vocabulary(CourseLevel, CourseLevel.UNKNOWN),
    "languages": _languages,
    "duration_minutes": _minutes,
    "rating": _rating,
    "rating_count": _count,
    "image_url": _url,
    "delivery_mode": _vocabulary(DeliveryMode, DeliveryMode.UNKNOWN),
    "url": _url,
    "bundle": _flag,
    "bookable": _flag,
    "starts_at": _time,
    "ends_at": _time,
    "enrolment_starts_at": _time,
    "enrolment_ends_at": _time,
    "venue_name": _line,
    "venue_address": _line,
    "region_code": _region,
    "region_name": _line,
    "capacity": _limit,
    "seats_left": _count,
}
