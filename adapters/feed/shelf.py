"""Where the offerings of one feed are put together while its rows are read."""

from dataclasses import dataclass, field, replace
from typing import Any

from adapters.base import LeftOut, Page, Rejection, Validators
from adapters.feed.keys import DUPLICATE
from adapters.parsing import RAW_LENGTH, clean_title, to_raw
from schema.model.catalogue import Offering, Session, UnknownTerm
from schema.model.values import EnrolmentMode, RemoteId


@dataclass(slots=True)
class Shelf:
    """Offerings by key, with what became of every row that is not one of them.

    `rows_are_sessions`: rows that share a key are sessions of one offering, and the
    first tells of the offering.  Otherwise `keeps_last` says which of them stays.
    """

    keeps_last: bool
    rows_are_sessions: bool
    needs_sessions: bool
    fields: dict[str, int] = field(default_factory=dict)  # how many rows have each
    _offerings: dict[RemoteId, Offering] = field(default_factory=dict)
    _sessions: dict[RemoteId, dict[RemoteId, Session]] = field(default_factory=dict)
    _owners: dict[RemoteId, RemoteId] = field(default_factory=dict)
    _terms: dict[RemoteId, dict[UnknownTerm, None]] = field(default_factory=dict)
    _left_out: list[LeftOut] = field(default_factory=list)
    _rejections: list[Rejection] = field(default_factory=list)

    @property
    def has_only_rejections(self) -> bool:
        """Whether there were rows, and none could be read."""
        return bool(self._rejections) and not self._offerings and not self._left_out

    @property
    def first_reason(self) -> str:
        """Why the first rejected row was rejected."""
        return self._rejections[0].reason

    def add(self, offering: Offering) -> None:
        """Put `offering` on the shelf, or its sessions to those that stand there."""
        key = offering.key
        own = {session.key: session for session in offering.sessions if self._is_own(key, session)}
        foreign = [session.key for session in offering.sessions if session.key not in own]
        for session_key in foreign:
            self.leave_out(session_key, DUPLICATE)
        is_new = key not in self._offerings
        if not is_new and self.rows_are_sessions:
            is_told = self._join(self._sessions[key], own) or bool(foreign)
            self._terms[key] |= dict.fromkeys(offering.unknown_terms)
        else:
            is_told = is_new
            if is_new or self.keeps_last:
                self._offerings[key], self._sessions[key] = offering, own
                self._terms[key] = dict.fromkeys(offering.unknown_terms)
        if not is_told:
            self.leave_out(key, DUPLICATE)

    def _join(self, standing: dict[RemoteId, Session], own: dict[RemoteId, Session]) -> bool:
        """Add `own` sessions to those that stand; return whether any is new."""
        is_new = any(key not in standing for key in own)
        for key, session in own.items():
            if self.keeps_last or key not in standing:
                standing[key] = session
        return is_new

    def _is_own(self, key: RemoteId, session: Session) -> bool:
        """Return whether no other offering has a session of this key: keys are the partner's."""
        return self._owners.setdefault(session.key, key) == key

    def leave_out(self, key: RemoteId, rule: str) -> None:
        """Note that a rule keeps a row out."""
        self._left_out.append(LeftOut(key, rule))

    def reject(self, number: int, key: RemoteId | None, reason: str, raw: Any) -> None:
        """Note that row `number` could not become a record."""
        printed = raw[:RAW_LENGTH] if isinstance(raw, str) else to_raw(raw)
        self._rejections.append(Rejection(number, key, clean_title(reason), printed))

    def to_page(self, validators: Validators | None) -> Page:
        """Return all of it as the one page of the feed."""
        return Page(
            offerings=tuple(self._finished(offering) for offering in self._offerings.values()),
            left_out=tuple(self._left_out),
            rejections=tuple(self._rejections),
            validators=validators,
            fields=self.fields,
        )

    def _finished(self, offering: Offering) -> Offering:
        """Return `offering` with what all of its rows told."""
        sessions = tuple(self._sessions[offering.key].values())
        is_closed = self.needs_sessions and not sessions
        return replace(
            offering,
            sessions=sessions,
            unknown_terms=tuple(self._terms[offering.key]),
            enrolment_mode=EnrolmentMode.LINK if is_closed else offering.enrolment_mode,
        )
