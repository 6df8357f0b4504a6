"""Values that cannot be wrong: ids, money, vocabularies.

Ids of partner-owned things are UUIDs made from what the partner calls them
(`derived_id`), so the same row has the same id after every re-ingest.
"""

import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import sha1
from typing import NewType, Self
from uuid import UUID

PartnerCode = NewType("PartnerCode", str)  # "tokopedia": stable, whatever the brand becomes
RemoteId = NewType("RemoteId", str)  # what a partner calls one of its things
CourseId = NewType("CourseId", str)
OfferingId = NewType("OfferingId", str)
SessionId = NewType("SessionId", str)
InstitutionId = NewType("InstitutionId", str)
EnrolmentId = NewType("EnrolmentId", str)
LearnerId = NewType("LearnerId", str)  # the opaque subject of the learner's token
Reference = NewType("Reference", str)  # ours, sent to the partner; never books twice

_NAMESPACE = UUID("6d697472-6100-5000-8000-000000000001")  # "mitra"; changing it changes every id
_NAMESPACE_BYTES = _NAMESPACE.bytes
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def derived_id(owner: str, kind: str, remote_id: str) -> str:
    """Return the stable UUIDv5 of `remote_id`, a `kind` of thing that belongs to `owner`."""
    name = f"{owner}|{kind}|{remote_id}".encode()
    told = sha1(_NAMESPACE_BYTES + name, usedforsecurity=False).hexdigest()
    variant = _VARIANT[told[16]]  # the standard library's way takes five times as long
    return f"{told[:8]}-{told[8:12]}-5{told[13:16]}-{variant}{told[17:20]}-{told[20:32]}"


def folded(text: str) -> str:
    """Return `text` without case, accents and surplus spaces: how names are compared."""
    if text.isascii():  # as most names are
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


# Digits behind the point of the smallest coin in use (not ISO 4217's: the sen is long gone).
EXPONENTS = {"IDR": 0, "JPY": 0, "KRW": 0, "VND": 0, "USD": 2, "EUR": 2, "SGD": 2, "MYR": 2}


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """A sum in whole units of the smallest coin in use; the rupiah has none smaller."""

    amount: int
    currency: str = "IDR"

    def __post_init__(self) -> None:
        """Refuse currencies whose smallest coin we do not know, and fractions of a coin."""
        if self.currency not in EXPONENTS:
            raise ValueError(f"currency {self.currency!r} is not one of {sorted(EXPONENTS)}")
        if type(self.amount) is not int:
            raise TypeError(f"an amount is a whole number of coins, not {self.amount!r}")

    @classmethod
    def from_major(cls, amount: Decimal, currency: str = "IDR") -> Self:
        """Return `amount` of main units ("19.99" dollars) in coins; refuse what is no coin."""
        if currency not in EXPONENTS:
            raise ValueError(f"currency {currency!r} is not one of {sorted(EXPONENTS)}")
        coins = amount.scaleb(EXPONENTS[currency])
        if not coins.is_finite() or coins != coins.to_integral_value():
            raise ValueError(f"{amount} {currency} is not a whole number of its smallest coin")
        return cls(int(coins), currency)


class PartnerKind(StrEnum):
    """What sort of organisation a partner is."""

    DIGITAL_PLATFORM = "DIGITAL_PLATFORM"
    MARKETPLACE = "MARKETPLACE"
    STATE_OWNED = "STATE_OWNED"
    GOVERNMENT = "GOVERNMENT"
    TRAINING_INSTITUTION = "TRAINING_INSTITUTION"


class PartnerState(StrEnum):
    """Where a partner stands in its life with the programme."""

    APPLIED = "APPLIED"
    SANDBOX = "SANDBOX"
    CERTIFIED = "CERTIFIED"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    SUSPENDED = "SUSPENDED"
    RETIRED = "RETIRED"


class PartnerHealth(StrEnum):
    """How a partner's API has answered lately."""

    HEALTHY = "HEALTHY"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"
    UNKNOWN = "UNKNOWN"


class FreshnessState(StrEnum):
    """How old a fact is allowed to be called."""

    LIVE = "LIVE"
    FRESH = "FRESH"
    STALE = "STALE"
    NEVER = "NEVER"


class DeliveryMode(StrEnum):
    """How a course is given."""

    SELF_PACED = "SELF_PACED"
    LIVE_ONLINE = "LIVE_ONLINE"
    ONSITE = "ONSITE"
    BLENDED = "BLENDED"
    UNKNOWN = "UNKNOWN"


class CourseLevel(StrEnum):
    """For whom a course is."""

    BEGINNER = "BEGINNER"
    INTERMEDIATE = "INTERMEDIATE"
    ADVANCED = "ADVANCED"
    ALL = "ALL"
    UNKNOWN = "UNKNOWN"


class EnrolmentMode(StrEnum):
    """Where an offering is booked."""

    DIRECT = "DIRECT"  # `enrol` books it
    LINK = "LINK"  # the learner goes to its address
    PARTNER_SITE = "PARTNER_SITE"  # bought at the partner, reported to us


class Availability(StrEnum):
    """Whether a place can be had now; computed when asked, never stored."""

    AVAILABLE = "AVAILABLE"
    LIMITED = "LIMITED"
    WAITLIST = "WAITLIST"
    FULL = "FULL"
    NOT_YET_OPEN = "NOT_YET_OPEN"
    CLOSED = "CLOSED"
    FINISHED = "FINISHED"
    UNKNOWN = "UNKNOWN"
