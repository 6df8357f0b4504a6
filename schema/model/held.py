"""Lists that the safety catch has held, and what an operator decides about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from schema.model.values import Money, PartnerCode


class AlarmKind(StrEnum):
    """What about a list looks like a fault rather than news."""

    WITHDRAWAL = "WITHDRAWAL"
    PRICES = "PRICES"
    FIELD_LOST = "FIELD_LOST"
    GROWTH = "GROWTH"
    UNREADABLE = "UNREADABLE"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One reason to hold a list; `message` is for people, and names what it is about."""

    kind: AlarmKind
    message: str


class ListChangeKind(StrEnum):
    """What applying a held list would do to an offering."""

    ADDED = "ADDED"
    WITHDRAWN = "WITHDRAWN"
    REPRICED = "REPRICED"


@dataclass(frozen=True, slots=True)
class ListChange:
    """One change that a held list would make; a price that is not told is None."""

    kind: ListChangeKind
    key: str
    title: str
    before: Money | None = None
    after: Money | None = None


@dataclass(frozen=True, slots=True)
class HeldSync:
    """A list that was read but not applied; `run` is what a decision names."""

    run: int
    partner: PartnerCode
    since: datetime
    read_at: datetime
    alarms: tuple[Alarm, ...]
    fetched: int
    added: int
    changed: int
    unchanged: int
    withdrawn: int
    quarantined: int
    examples: tuple[ListChange, ...] = ()


class DecisionErrorCode(StrEnum):
    """Why a decision was not carried out."""

    NOT_HELD = "NOT_HELD"
    SYNC_RUNNING = "SYNC_RUNNING"


@dataclass(frozen=True, slots=True)
class DecisionRefusal:
    """Why a decision was not carried out, for programs and for people."""

    code: DecisionErrorCode
    message: str


@dataclass(frozen=True, slots=True)
class SyncDecision:
    """What became of a decision; `revision` is the one that it made, if any."""

    partner: PartnerCode | None = None
    revision: int | None = None
    refusals: tuple[DecisionRefusal, ...] = ()


class HeldSyncs(Protocol):
    """The lists that wait for an operator; who decided is written down."""

    async def read_held(self) -> Sequence[HeldSync]:
        """Return what is held, the longest first."""

    async def approve(self, run: int, by: str, reason: str | None = None) -> SyncDecision:
        """Apply a held list exactly as it was read."""

    async def reject(self, run: int, by: str, reason: str | None = None) -> SyncDecision:
        """Discard a held list; the same one again is not asked about again."""
