"""What our own guard says instead of calling a partner: nothing was sent, so nothing is in doubt.

HeldBackError (a RetryablePartnerError)
├── BreakerOpenError     the partner fails: it is left alone but for a probe now and then
├── RestingError         the partner has said until when it wants to be left alone
├── PaceError            the partner's pace leaves no time for the call
└── CrowdedError         all the partner's places stayed taken until the call's time was over
"""

from adapters.errors import RetryablePartnerError


class HeldBackError(RetryablePartnerError):
    """Nothing was asked; `retry_after` says in how many seconds it may be."""

    def __init__(self, partner: str, reason: str, *, retry_after: float) -> None:
        super().__init__(partner, reason)
        self.retry_after = retry_after


class BreakerOpenError(HeldBackError):
    """The circuit breaker is open; `retry_after` says when the next probe may be.

    `last` is what the partner failed with.
    """

    def __init__(self, partner: str, last: str, *, retry_after: float) -> None:
        super().__init__(partner, f"is left alone, as it failed ({last})", retry_after=retry_after)


class RestingError(HeldBackError):
    """The partner has asked us to come back later; `retry_after` says when that is."""

    def __init__(self, partner: str, *, retry_after: float) -> None:
        super().__init__(partner, "has asked for a rest", retry_after=retry_after)


class PaceError(HeldBackError):
    """More is asked of the partner than its pace allows."""

    def __init__(self, partner: str, *, retry_after: float) -> None:
        super().__init__(partner, "is asked for more than its pace allows", retry_after=retry_after)


class CrowdedError(HeldBackError):
    """Other calls have taken all places for as long as this one could wait."""

    def __init__(self, partner: str) -> None:
        super().__init__(partner, "is busy with other calls of ours", retry_after=1.0)
