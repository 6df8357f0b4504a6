"""What a feed's things are called, and which rows a rule leaves out.  Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from adapters.feed.options import Options
from adapters.feed.readers import Empty
from adapters.feed.sources import NO_SOURCE, Source, build_source, first_of
from adapters.parsing import Record, RowError, remote_id
from schema.model.values import RemoteId, folded

_CONDITIONS = ("when", "unless", "containing")
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
    leaves_out: Callable[[Record], bool]


def build_rule(options: Options, empty: Empty) -> Rule:
    """Return the rule that one `[[leave_out]]` describes."""
    name = options.required("rule")
    if name == DUPLICATE:
        raise options.wrong("rule", f"{DUPLICATE!r} is the name of a built-in rule")
    conditions = {kind: options.texts(kind) for kind in _CONDITIONS}
    always, source = options.flag("always"), build_source(options, empty)
    given = [kind for kind, words in conditions.items() if words]
    if len(given) + always != 1:
        raise options.wrong("", f"must have one of {', '.join(_CONDITIONS)}, always")
    if source is None and not always:
        raise options.wrong("", NO_SOURCE)
    options.refuse_surplus()
    if source is None:
        return Rule(name, lambda _row: True)
    return Rule(name, _condition(given[0], source, conditions[given[0]]))


def _condition(kind: str, source: Source, told: tuple[str, ...]) -> Callable[[Record], bool]:
    """Return whether what a row says is one of the words, none of them, or has one in it."""
    words = frozenset(map(folded, told))

    def said(row: Record) -> str:
        value = source(row)
        return folded("" if value is None else str(value))

    if kind == "containing":
        return lambda row: any(word in said(row) for word in words)
    return lambda row: (said(row) in words) is (kind == "when")
