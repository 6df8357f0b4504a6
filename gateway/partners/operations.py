"""What is asked of partners, how long each may take, and how much one partner gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from adapters.base import Capability
from gateway.partners.breaker import BreakerPolicy
from gateway.partners.retry import RetryPolicy


class Operation(StrEnum):
    """What is asked of a partner."""

    FETCH_PAGE = "fetch_page"
    ENROL = "enrol"
    FIND = "find"
    CANCEL = "cancel"
    FETCH_STATEMENT = "fetch_statement"
    QUOTE = "quote"

    @property
    def is_write(self) -> bool:
        """Whether it may change something at the partner, so that silence leaves it in doubt."""
        return self in {Operation.ENROL, Operation.CANCEL}

    @property
    def needs(self) -> Capability:
        """What the partner's adapter must be capable of."""
        return _NEEDED[self]


_NEEDED: Mapping[Operation, Capability] = {
    Operation.FETCH_PAGE: Capability.CATALOGUE,
    Operation.ENROL: Capability.ENROLMENT,
    Operation.FIND: Capability.ENROLMENT,
    Operation.CANCEL: Capability.ENROLMENT,
    Operation.FETCH_STATEMENT: Capability.STATEMENT,
    Operation.QUOTE: Capability.QUOTE,
}
DEADLINES: Mapping[Operation, float] = {
    Operation.FETCH_PAGE: 30.0,
    Operation.ENROL: 10.0,
    Operation.FIND: 5.0,
    Operation.CANCEL: 10.0,
    Operation.FETCH_STATEMENT: 30.0,
    Operation.QUOTE: 0.8,
}


@dataclass(frozen=True, slots=True)
class CallLimits:
    """How long each operation may take in all (seconds), and how much one partner gets.

    `per_partner` is the most that are under way at a time, and `quotes_per_partner` that of quotes,
    which have places of their own.
    """

    deadlines: Mapping[Operation, float] = field(default_factory=lambda: DEADLINES)
    per_partner: int = 16
    quotes_per_partner: int = 4
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)

    def places(self, operation: Operation) -> int:
        """Return how many calls of such a kind one partner gets at a time, at most."""
        return self.quotes_per_partner if operation is Operation.QUOTE else self.per_partner
