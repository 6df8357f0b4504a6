"""What a feed's things are called, and which rows a rule leaves out.  Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from adapters.feed.options import Options
from adapters.feed.readers import Empty
from adapters.feed.sources import NO_SOURCE, Source, build_source, first_of
from adapters.parsing import Record, RowError, remote_id
from schema.model.values import RemoteId, folded

DUPLICATE = "duplicate"  # the rule of rows whose key another row has

KeyReader = Callable[[Record], RemoteId | None]
RequiredKey = Callable[[Record], RemoteId]


def build_key(options: Options, empty: Empty) -> KeyReader:
    """Return the reader of a key: a source's value, or one derived from several columns.

    A derived key is a digest of the columns' folded texts, so it is stable however the
    partner changes case and spacing; it changes when the texts do.
    """
    parts = options.raw("derived_from")
    source = build_source(options, empty)
    if (parts is None) == (source is None):
        raise options.wrong("", "must have one of from, template, derived_from")
    options.refuse_surplus()
    return _derived(options, parts, empty) if source is None else _as_told(source)


def required_key(read: KeyReader) -> RequiredKey:
    """Return `read`, for things that cannot be without a key."""

    def read_required(row: Record) -> RemoteId:
        key = read(row)
        if key is None:
            raise RowError("key: is empty")
        return key

    return read_required


def _as_told(source: Source) -> KeyReader:
    def read(row: Record) -> RemoteId | None:
        value = source(row)
        return None if value is None else remote_id({"key": value}, "key")

    return read


def _derived(options: Options, parts: object, empty: Empty) -> KeyReader:
    if not isinstance(parts, list) or not parts:
        raise options.wrong("derived_from", f"must be a list of columns, not {parts!r}")
    wanted = Options(options.where, {str(number): part for number, part in enumerate(parts)})
    columns = [wanted.texts(str(number)) for number in range(len(parts))]
    sources = [first_of(names, empty) for names in columns]

    def read(row: Record) -> RemoteId | None:
        found = [source(row) for source in sources]
        texts = ["" if value is None else folded(str(value)) for value in found]
        if not all(texts):
            missing = (names for names, text in zip(columns, texts, strict=True) if not text)
            raise RowError(f"key: {' and '.join(map(' or '.join, missing))} is empty")
        return RemoteId(sha256("\x1f".join(texts).encode()).hexdigest()[:32])

    return read


@dataclass(frozen=True, slots=True)
class Rule:
    """A named reason to leave a row out: by what its column says, or fails to say."""

    name: str
    source: Source
    words: frozenset[str]
    keeps: bool  # whether rows that say one of `words` stay, or go

    def leaves_out(self, row: Record) -> bool:
        """Return whether `row` stays out of the catalogue."""
        value = self.source(row)
        return (folded("" if value is None else str(value)) in self.words) is not self.keeps


def build_rule(options: Options, empty: Empty) -> Rule:
    """Return the rule that one `[[leave_out]]` describes."""
    name = options.required("rule")
    if name == DUPLICATE:
        raise options.wrong("rule", f"{DUPLICATE!r} is the name of a built-in rule")
    source = build_source(options, empty)
    if source is None:
        raise options.wrong("", NO_SOURCE)
    when, unless = options.texts("when"), options.texts("unless")
    if bool(when) == bool(unless):
        raise options.wrong("", "must have one of when, unless")
    options.refuse_surplus()
    words = frozenset(folded(word) for word in when or unless)
    return Rule(name, source, words, keeps=bool(unless))
