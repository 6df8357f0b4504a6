"""What operators order about partners, and decide about their lists."""

from dataclasses import dataclass
from enum import StrEnum

from schema.model.catalogue import PartnerStatus
from schema.model.values import PartnerCode

LONGEST_REASON = 500


class PartnerCommand(StrEnum):
    """What a partner can be told to be."""

    SYNC = "SYNC"
    PAUSE = "PAUSE"
    RESUME = "RESUME"


class OrderErrorCode(StrEnum):
    """Why an order was not carried out."""

    NOT_FOUND = "NOT_FOUND"
    NOT_READ = "NOT_READ"
    NOT_ACTIVE = "NOT_ACTIVE"
    INVALID_VALUE = "INVALID_VALUE"


@dataclass(frozen=True, slots=True)
class PartnerOrder:
    """An order about one partner, with its reason and who gives it."""

    partner: PartnerCode
    command: PartnerCommand
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class OrderRefusal:
    """Why an order was not carried out; `field` is the path of the argument it is about."""

    code: OrderErrorCode
    message: str
    field: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class PartnerOutcome:
    """What became of an order: the partner as it stands now, if there is one."""

    partner: PartnerStatus | None
    refusals: tuple[OrderRefusal, ...] = ()


@dataclass(frozen=True, slots=True)
class ListVerdict:
    """An operator's decision about a held list; `run` is the one that they were shown."""

    run: int
    is_approval: bool
    reason: str
    by: str
