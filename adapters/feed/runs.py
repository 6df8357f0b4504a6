"""A source of sessions alone: each row names the offering of another source.  Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.base import LeftOut, Page, Rejection, Validators
from adapters.errors import PartnerContractError
from adapters.feed.formats import BadRow, Format, Row, build_format
from adapters.feed.keys import DUPLICATE, RequiredKey, Rule, build_key, build_rule, required_key
from adapters.feed.options import Options
from adapters.feed.readers import Empty, Terms
from adapters.feed.sessions import UNREADABLE, SessionMapping, build_sessions
from adapters.parsing import RowError, clean_title, to_raw
from schema.model.catalogue import Session
from schema.model.values import PartnerCode, RemoteId


@dataclass(frozen=True, slots=True)
class RunsMapping:
    """How the rows of a source of sessions are read; the gateway joins them."""

    partner: PartnerCode
    format: Format
    offering: RequiredKey
    sessions: SessionMapping
    rules: tuple[Rule, ...]

    def to_page(
        self,
        body: bytes,
        validators: Validators | None = None,
        enrich: Callable[[Row], Row] = lambda row: row,
    ) -> Page:
        """Translate the whole source.  Raises `PartnerContractError` if no row can be read."""
        found: dict[RemoteId, tuple[RemoteId, Session]] = {}
        left_out: list[LeftOut] = []
        rejections: list[Rejection] = []
        for number, row in enumerate(map(enrich, self.format(body)), start=1):
            outcome = self._read(number, row)
            if isinstance(outcome, Rejection):
                rejections.append(outcome)
            elif isinstance(outcome, LeftOut):
                left_out.append(outcome)
            else:
                key = outcome[1].key
                if key in found:
                    left_out.append(LeftOut(key, DUPLICATE))
                found[key] = outcome
        if rejections and not found and not left_out:
            reason = f"no row can be read; the first: {rejections[0].reason}"
            raise PartnerContractError(self.partner, reason)
        return Page(
            sessions=tuple(found.values()),
            rejections=tuple(rejections),
            left_out=tuple(left_out),
            validators=validators,
        )

    def _read(self, number: int, row: Row) -> tuple[RemoteId, Session] | LeftOut | Rejection:
        if isinstance(row, BadRow):
            return Rejection(number, None, row.reason, row.raw)
        if rule := next((rule for rule in self.rules if rule.leaves_out(row)), None):
            return LeftOut(f"row {number}", rule.name)
        owner: RemoteId | None = None
        terms: Terms = []
        try:
            owner = self.offering(row)
            session = self.sessions.to_session(row, terms)
            if session is None:
                raise RowError("session: key is empty")
        except UNREADABLE as exc:
            return Rejection(number, owner, clean_title(str(exc)), to_raw(row))
        return owner, session


def build_runs(options: Options, partner: PartnerCode) -> RunsMapping:
    """Return the mapping of a source whose sessions name their offering (`sessions.of`)."""
    empty: Empty = frozenset(options.texts("empty"))
    sessions = options.table("sessions")
    of = build_key(sessions.source("of"), empty)
    mapping = RunsMapping(
        partner=partner,
        format=build_format(options, partner, {}),
        offering=required_key(of),
        sessions=build_sessions(sessions, partner, empty),
        rules=tuple(build_rule(rule, empty) for rule in options.tables("leave_out")),
    )
    if mapping.sessions.source is not None:
        raise sessions.wrong("", "has of: each row is one session, without at and parallel")
    options.text("path")
    for name in ("auth", "errors", "error_code_at"):
        options.raw(name)  # the registry's business
    options.refuse_surplus("key of a source of sessions")
    return mapping
