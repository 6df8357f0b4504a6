"""The retry budget of one partner: a retry is paid for by calls.  Pure.

Every call earns a fifth of a retry, so that retries never add more than 20 % to what a
failing partner receives, and a `floor` of three for partners that are rarely called.
"""

EARNED = 20  # per cent of a retry for each call
FLOOR = 3
MOST = 10  # what a long quiet time may save up: it must not become a storm


class RetryBudget:
    """Retries are never more than a fifth of calls, and three."""

    def __init__(self, *, earned: int = EARNED, floor: int = FLOOR, most: int = MOST) -> None:
        self._earned = earned
        self._most = most * 100
        self._saved = floor * 100  # in hundredths of a retry: whole numbers add up exactly

    def earn(self) -> None:
        """Count a call that was made."""
        self._saved = min(self._saved + self._earned, self._most)

    def spend(self) -> bool:
        """Return whether a retry can be paid for, and pay for it."""
        if self._saved < 100:  # noqa: PLR2004 - one whole retry
            return False
        self._saved -= 100
        return True
