"""The dated runs of a feed's offerings: one per row, or a list inside each row.  Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.feed.formats import BadRow
from adapters.feed.keys import KeyReader, build_key
from adapters.feed.options import Options
from adapters.feed.readers import Empty, FieldReader, Limit, Terms, build_field
from adapters.feed.sources import Source, first_of
from adapters.parsing import Record, RowError, to_raw
from schema.model.catalogue import Session, Venue
from schema.model.values import PartnerCode, RemoteId

FIELDS = (
    "starts_at", "ends_at", "enrolment_starts_at", "enrolment_ends_at", "venue_name",
    "venue_address", "region_code", "region_name", "capacity", "seats_left",
)  # fmt: skip


UNREADABLE = (ArithmeticError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class FoundSessions:
    """The sessions of one row, the keys that came twice, and what was no session."""

    sessions: tuple[Session, ...] = ()
    repeated: tuple[RemoteId, ...] = ()
    bad: tuple[BadRow, ...] = ()


NO_SESSIONS = FoundSessions()


@dataclass(frozen=True, slots=True)
class SessionMapping:
    """How sessions are read; `source` None means that each row of the feed is one."""

    partner: PartnerCode
    source: Source | None
    key: KeyReader
    fields: Mapping[str, FieldReader]

    def to_sessions(self, row: Record, terms: Terms) -> FoundSessions:
        """Translate the sessions in `row`; a bad one in a list costs only itself."""
        if self.source is None:
            session = self.to_session(row, terms)
            return FoundSessions((session,) if session else ())
        found: dict[RemoteId, Session] = {}
        repeated: list[RemoteId] = []
        bad: list[BadRow] = []
        records = self.source(row) or []
        for record in records if isinstance(records, list) else [records]:
            try:
                session = self._to_listed_session(record, terms)
            except UNREADABLE as exc:
                bad.append(BadRow(str(exc), to_raw(record)))
                continue
            if session.key in found:
                repeated.append(session.key)
            found[session.key] = session
        return FoundSessions(tuple(found.values()), tuple(repeated), tuple(bad))

    def _to_listed_session(self, record: Any, terms: Terms) -> Session:
        if not isinstance(record, Mapping):
            raise RowError("session: is not a record")
        session = self.to_session(record, terms)
        if session is None:
            raise RowError("session: key is empty")
        return session

    def to_session(self, record: Record, terms: Terms) -> Session | None:
        """Translate one session; None when its key is empty."""
        key = self.key(record)
        if key is None:
            return None
        told = {name: read(record, terms) for name, read in self.fields.items()}
        starts_at, ends_at = told.get("starts_at"), told.get("ends_at")
        if starts_at and ends_at and ends_at < starts_at:
            raise RowError(f"session {key}: ends_at is before starts_at")
        limit = told.get("capacity") or Limit(None)
        return Session(
            partner=self.partner,
            key=key,
            starts_at=starts_at,
            ends_at=ends_at,
            enrolment_starts_at=told.get("enrolment_starts_at"),
            enrolment_ends_at=told.get("enrolment_ends_at"),
            venue=_to_venue(told),
            capacity=limit.seats,
            seats_left=None if limit.unlimited else told.get("seats_left"),
            unlimited=limit.unlimited,
        )


def build_sessions(options: Options, partner: PartnerCode, empty: Empty) -> SessionMapping:
    """Return the mapping that `[partner.options.sessions]` describes."""
    at = options.texts("at")
    parallel = build_parallel(options, empty)
    source = first_of(at, empty) if at else parallel
    key = build_key(options.source("key"), empty)
    fields = options.table("fields")
    readers = {
        name: build_field(name, fields.source(name), empty) for name in FIELDS if fields.has(name)
    }
    fields.refuse_surplus("field of sessions")
    options.refuse_surplus()
    return SessionMapping(partner, source, key, readers)


def build_parallel(options: Options, empty: Empty) -> Source | None:
    """Return the source of sessions that stand side by side in columns, or None.

    "2025-07-17|2025-09-01" in one column and "2025-07-19|2025-12-01" in another are two
    sessions: the row twice, each time with one part of each column.
    """
    if not options.has("parallel"):
        return None
    if options.has("at"):
        raise options.wrong("parallel", "goes without at: sessions stand in columns or in a list")
    parallel = options.table("parallel")
    columns, separator = parallel.texts("columns"), parallel.text("separator", "|")
    if not columns:
        raise parallel.wrong("columns", "is missing: which columns tell of several sessions?")
    parallel.refuse_surplus()
    sources = {column: first_of((column,), empty) for column in columns}

    def rows(row: Record) -> list[Record]:
        told = {column: _parts(source(row), separator) for column, source in sources.items()}
        count = max(map(len, told.values()))
        return [
            {**row, **{name: parts[n] if n < len(parts) else None for name, parts in told.items()}}
            for n in range(count)
        ]

    return rows


def _parts(value: Any, separator: str) -> list[Any]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(separator)]
    return value if isinstance(value, list) else [] if value is None else [value]


def _to_venue(told: Mapping[str, Any]) -> Venue | None:
    venue = Venue(
        name=told.get("venue_name"),
        address=told.get("venue_address"),
        region_code=told.get("region_code"),
        region_name=told.get("region_name"),
    )
    return None if venue == Venue() else venue
