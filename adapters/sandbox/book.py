"""What one sandbox partner has booked: enrolments by our reference, and seats.

The book is the partner's truth: it outlives `down` and `up`, and with a journal also
a restart.  Its methods never await, so that calls on one event loop cannot interleave.
A receipt is a dict of `reference, status, partner_reference, reason, redeem_code,
access_url`; facades wrap it in their partner's envelope.  So they do with a statement, a
dict as in `adapters/statements.py`.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from adapters.base import ReceiptStatus
from adapters.sandbox.world import SandboxOffering, SandboxSession
from schema.model.values import PartnerCode

STATEMENT_LENGTH = 50  # lines of a page
_CALENDAR = ZoneInfo("Asia/Jakarta")


class Reason(StrEnum):
    """Why the sandbox refuses a booking."""

    UNKNOWN_OFFERING = "UNKNOWN_OFFERING"
    NOT_BOOKABLE = "NOT_BOOKABLE"
    SESSION_REQUIRED = "SESSION_REQUIRED"
    UNKNOWN_SESSION = "UNKNOWN_SESSION"
    CLOSED = "CLOSED"
    FULL = "FULL"
    REFERENCE_REUSED = "REFERENCE_REUSED"


@dataclass(frozen=True, slots=True)
class Entry:
    """One reference in the book, with what was asked and what was answered.

    `booked_on` is the day in Jakarta; older journals do not tell it.
    """

    reference: str
    offering: str
    session: str | None
    learner: str
    price: int
    receipt: Mapping[str, Any]
    booked_on: str | None = None

    def is_for(self, offering: str, session: str | None, learner: str) -> bool:
        """Return whether a repeated request asks for the same thing."""
        return (self.offering, self.session, self.learner) == (offering, session, learner)

    @property
    def holds_seat(self) -> bool:
        """Whether this entry takes one of its session's seats."""
        return self.session is not None and self.receipt["status"] == ReceiptStatus.CONFIRMED

    def is_booked_on(self, day: str) -> bool:
        """Return whether the statement of a day lists this; refused ones are on none."""
        return self.booked_on == day and self.receipt["status"] != ReceiptStatus.REJECTED

    @property
    def line(self) -> dict[str, Any]:
        """What a statement tells of it."""
        return {
            "reference": self.reference,
            "status": self.receipt["status"],
            "partner_reference": self.receipt["partner_reference"],
            "price": {"amount": self.price, "currency": "IDR"},
        }

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read one line of a journal.  Raises `ValueError`, `TypeError` or `KeyError`."""
        return cls(**json.loads(line))


class EnrolmentBook:
    """Books enrolments of one partner, once per reference.

    With `journal`, every change is appended there and read back on the next start.
    """

    def __init__(
        self,
        code: PartnerCode,
        offerings: Sequence[SandboxOffering],
        *,
        now: Callable[[], datetime],
        journal: Path | None = None,
    ) -> None:
        self._code = code
        self._offerings = {offering.key: offering for offering in offerings}
        self._now = now
        self._journal = journal
        self._entries: dict[str, Entry] = {}
        self._taken: Counter[tuple[str, str]] = Counter()
        for entry in _read_journal(journal):
            self._remember(entry)

    def place(
        self, reference: str, offering: str, session: str | None, learner: str, price: int
    ) -> tuple[dict[str, Any], bool]:
        """Book, and return the receipt and whether `reference` is new.

        A known reference answers its standing receipt, whatever it has become.  A refusal
        is a receipt of status "rejected" with a `Reason`, remembered like any other;
        `price` is whole rupiah, kept for the statement.
        """
        if known := self._entries.get(reference):
            if known.is_for(offering, session, learner):
                return dict(known.receipt), False
            return _rejection(reference, Reason.REFERENCE_REUSED), False
        refusal = self._refusal(offering, session)
        receipt = (
            _rejection(reference, refusal) if refusal else self._confirmation(reference, offering)
        )
        today = self._now().astimezone(_CALENDAR).date().isoformat()
        self._record(Entry(reference, offering, session, learner, price, receipt, today))
        return dict(receipt), True

    def find(self, reference: str) -> dict[str, Any] | None:
        """Return the receipt that stands for `reference`, or None if it was never seen."""
        entry = self._entries.get(reference)
        return dict(entry.receipt) if entry else None

    def cancel(self, reference: str) -> dict[str, Any] | None:
        """Give the place back and return the receipt; None if `reference` was never seen.

        Cancelling again answers the same; a rejected booking stays rejected.
        """
        entry = self._entries.get(reference)
        if entry is None:
            return None
        if entry.receipt["status"] == ReceiptStatus.CONFIRMED:
            cancelled = {**entry.receipt, "status": ReceiptStatus.CANCELLED.value}
            self._record(replace(entry, receipt=cancelled))
        return self.find(reference)

    def statement(self, day: str, cursor: str | None) -> dict[str, Any]:
        """Return a page of what was booked on a day.  Raises `ValueError` for a bad day or cursor.

        A cursor is how many lines come before; a day's list only grows at its end.
        """
        start, wanted = int(cursor or 0), date.fromisoformat(day).isoformat()
        booked = [entry for entry in self._entries.values() if entry.is_booked_on(wanted)]
        end = max(start, 0) + STATEMENT_LENGTH
        lines = [entry.line for entry in booked[max(start, 0) : end]]
        more = str(end) if end < len(booked) else None
        return {"day": wanted, "next_cursor": more, "lines": lines}

    def seats_left(self, offering: str, session: SandboxSession) -> int:
        """Return how many seats of `session` are left now: what a facade should list."""
        return max(0, session.seats_left - self._taken[offering, session.key])

    def entries(self) -> tuple[Entry, ...]:
        """Return every entry, oldest reference first."""
        return tuple(self._entries.values())

    def clear(self) -> None:
        """Forget every enrolment."""
        self._entries.clear()
        self._taken.clear()
        if self._journal:
            self._journal.unlink(missing_ok=True)

    def _refusal(self, key: str, session_key: str | None) -> Reason | None:
        offering = self._offerings.get(key)
        if offering is None:
            return Reason.UNKNOWN_OFFERING
        if not offering.bookable:
            return Reason.NOT_BOOKABLE
        if offering.archived:
            return Reason.CLOSED
        return self._seat_refusal(offering, session_key)

    def _seat_refusal(self, offering: SandboxOffering, session_key: str | None) -> Reason | None:
        if session_key is None:
            return Reason.SESSION_REQUIRED if offering.sessions else None
        session = next((each for each in offering.sessions if each.key == session_key), None)
        if session is None:
            return Reason.UNKNOWN_SESSION
        if self._now() >= session.enrolment_ends_at:
            return Reason.CLOSED
        return None if self.seats_left(offering.key, session) else Reason.FULL

    def _confirmation(self, reference: str, offering: str) -> dict[str, Any]:
        ticket = blake2b(f"{self._code}|{reference}".encode(), digest_size=5).hexdigest().upper()
        return {
            "reference": reference,
            "status": ReceiptStatus.CONFIRMED.value,
            "partner_reference": f"{self._code.upper()}-{len(self._entries) + 1:06d}",
            "reason": None,
            "redeem_code": ticket,
            "access_url": f"{self._offerings[offering].url}?redeem={ticket}",
        }

    def _record(self, entry: Entry) -> None:
        if self._journal:  # before memory: what was answered must survive a crash
            self._append(self._journal, entry)
        self._remember(entry)

    def _append(self, journal: Path, entry: Entry) -> None:
        if not journal.exists():
            journal.touch(mode=0o600)
        with journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(entry), separators=(",", ":")) + "\n")

    def _remember(self, entry: Entry) -> None:
        before = self._entries.get(entry.reference)
        for each, change in ((before, -1), (entry, 1)):
            if each and each.holds_seat:
                self._taken[each.offering, str(each.session)] += change
        self._entries[entry.reference] = entry


def _rejection(reference: str, reason: Reason) -> dict[str, Any]:
    return {
        "reference": reference,
        "status": ReceiptStatus.REJECTED.value,
        "partner_reference": None,
        "reason": reason.value,
        "redeem_code": None,
        "access_url": None,
    }


def _read_journal(journal: Path | None) -> Iterator[Entry]:
    if journal is None or not journal.exists():
        return
    text = journal.read_text(encoding="utf-8")
    if text and not text.endswith("\n"):
        with journal.open("a", encoding="utf-8") as file:
            file.write("\n")  # so that the next entry does not continue a torn line
    for line in text.splitlines():
        try:
            yield Entry.from_json(line)
        except (ValueError, TypeError):
            continue  # a crash tore this line while it was written; it was never answered
