"""The adapter contract: narrow Protocols, and the records that cross them.

An adapter translates and does nothing else.  One call makes one request (or the
few that one answer needs); the gateway owns loop, deadline, retry, pace and store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NewType, Protocol, runtime_checkable

from schema.model.catalogue import Offering, Session
from schema.model.values import LearnerId, Money, PartnerCode, Reference, RemoteId

MOST_QUOTED = 20  # offerings in one question for price and seats

Cursor = NewType("Cursor", str)  # opaque to the gateway, which stores it as a checkpoint


class Capability(StrEnum):
    """What an adapter can do, as its manifest says; the registry checks the Protocol."""

    CATALOGUE = "catalogue"
    ENROLMENT = "enrolment"
    STATEMENT = "statement"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class PartnerSettings:
    """What a partners file says of one partner, as its adapter needs it.

    `secrets` are resolved values, never shown; `options` is the partner's own table
    (the feed adapter's mapping, for one).
    """

    code: PartnerCode
    address: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Validators:
    """What a partner gave us to ask "has it changed?" with; empty: it cannot be asked."""

    etag: str | None = None
    last_modified: str | None = None

    def __bool__(self) -> bool:
        """Return whether there is anything to ask with."""
        return self.etag is not None or self.last_modified is not None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that could not become a record: bad rows are data, kept in quarantine.

    `row` is where it stood in the page (from 1), `raw` the row as received, cut to
    2,000 characters.
    """

    row: int
    key: str | None
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that a named rule keeps out of the catalogue ("archived"); not an error."""

    key: str
    rule: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a partner's catalogue.

    `sessions` are for partners that publish them apart from their offerings: pairs
    of offering key and session, joined by the gateway.  `withdrawn` are keys that a
    delta feed takes back.  `fields` counts the raw rows that have each of the partner's
    own fields (`adapters.fields`).

    `validators` speak of this page and of those after it, up to the next that has some: of the
    whole list, if only its first page has.  Empty ones say that nothing can be asked of them.
    """

    offerings: tuple[Offering, ...] = ()
    sessions: tuple[tuple[RemoteId, Session], ...] = ()
    withdrawn: tuple[RemoteId, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    next_cursor: Cursor | None = None
    total: int | None = None
    validators: Validators | None = None
    fields: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotModified:
    """The partner says that nothing has changed since `known`."""


@dataclass(frozen=True, slots=True)
class Booking:
    """What the gateway asks a partner to book; `learner` is an opaque reference."""

    reference: Reference
    offering: RemoteId
    session: RemoteId | None
    learner: LearnerId
    price: Money


class ReceiptStatus(StrEnum):
    """What a partner says became of a booking."""

    CONFIRMED = "confirmed"
    PENDING = "pending"
    WAITLISTED = "waitlisted"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A partner's answer about one reference; `reason` says why it was rejected."""

    reference: Reference
    status: ReceiptStatus
    partner_reference: str | None = None
    reason: str | None = None
    redeem_code: str | None = None
    access_url: str | None = None


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One booking that a partner holds, as its statement tells it now.

    `reference` is what the partner was given, which need not be one of ours; `price` is
    None where it is not told.
    """

    reference: Reference
    status: ReceiptStatus
    price: Money | None = None
    partner_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """Part of the list of bookings that a partner made on one day, cancelled ones too."""

    lines: tuple[StatementLine, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    next_cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Price and seats of one offering, as its partner tells them at this moment.

    `price` None is not told.  `seats` pairs the sessions' keys with the seats that are left; of a
    session that is not named nothing is told.
    """

    offering: RemoteId
    price: Money | None = None
    seats: tuple[tuple[RemoteId, int], ...] = ()


@runtime_checkable
class CatalogueSource(Protocol):
    """A partner whose catalogue can be read."""

    async def fetch_page(
        self, cursor: Cursor | None = None, known: Validators | None = None
    ) -> Page | NotModified:
        """Return the page at `cursor`; None asks for the first.

        Raises `PartnerError`; never returns half a page.  `known` are the validators that
        the page at this cursor had; whoever gives none is not asked with any.
        """


@runtime_checkable
class EnrolmentDesk(Protocol):
    """A partner that accepts enrolments."""

    async def enrol(self, booking: Booking) -> Receipt:
        """Book; `booking.reference` is ours and never books twice.

        A refusal ("full") is a REJECTED receipt; a timeout after bytes were sent is
        an `AmbiguousPartnerError`.
        """

    async def find(self, reference: Reference) -> Receipt | None:
        """Return what became of `reference`, or None if the partner never saw it."""

    async def cancel(self, reference: Reference) -> Receipt:
        """Give the place back; cancelling twice answers the same receipt."""


@runtime_checkable
class StatementSource(Protocol):
    """A partner that lists the enrolments it holds, for reconciliation."""

    async def fetch_statement(self, day: date, cursor: Cursor | None = None) -> Statement:
        """Return what was booked on `day` (in Asia/Jakarta), from `cursor` on.

        One call, one request; raises `PartnerError`.  A line that cannot be read is a
        rejection, and the others stand.
        """


@runtime_checkable
class QuoteDesk(Protocol):
    """A partner that tells price and seats now."""

    async def quote(self, keys: Sequence[RemoteId]) -> Sequence[Quote]:
        """Return price and seats of offerings, at most `MOST_QUOTED`, in one request.

        What the partner does not know, or tells unreadably, is left out.  Raises `PartnerError`.
        """


def has_capability(adapter: object, capability: Capability) -> bool:
    """Return whether `adapter` has the methods that `capability` promises."""
    protocols: dict[Capability, Any] = {
        Capability.CATALOGUE: CatalogueSource,
        Capability.ENROLMENT: EnrolmentDesk,
        Capability.STATEMENT: StatementSource,
        Capability.QUOTE: QuoteDesk,
    }
    return isinstance(adapter, protocols[capability])
