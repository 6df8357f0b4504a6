"""What came of a guarded call, for metrics and logs."""

from dataclasses import dataclass

from adapters.errors import (
    AmbiguousPartnerError,
    CursorExpiredError,
    PartnerAccessError,
    PartnerError,
    PartnerRefusedError,
    PartnerThrottledError,
    RetryablePartnerError,
)
from gateway.partners.breaker import BreakerState
from gateway.partners.errors import BreakerOpenError, CrowdedError, PaceError, RestingError
from gateway.partners.operations import Operation
from schema.model.values import PartnerCode

_WORDS: tuple[tuple[type[PartnerError], str], ...] = (  # the first that fits
    (BreakerOpenError, "breaker_open"),
    (RestingError, "resting"),
    (PaceError, "paced"),
    (CrowdedError, "crowded"),
    (PartnerThrottledError, "throttled"),
    (RetryablePartnerError, "unavailable"),
    (PartnerAccessError, "no_access"),
    (PartnerRefusedError, "refused"),
    (CursorExpiredError, "cursor_expired"),
    (AmbiguousPartnerError, "ambiguous"),
)


@dataclass(frozen=True, slots=True)
class CallReport:
    """What came of one guarded call, retries included; `outcome` is "ok" or says how it failed.

    `attempts` is how many requests were made, `breaker` the state in which the call left it.
    """

    partner: PartnerCode
    operation: Operation
    outcome: str
    seconds: float
    attempts: int
    breaker: BreakerState = BreakerState.CLOSED


def outcome_of(error: PartnerError) -> str:
    """Return one word for the kind of failure: what metrics and logs group by."""
    return next((word for kind, word in _WORDS if isinstance(error, kind)), "contract")
