"""Why a token is not believed; the messages are for its sender and say nothing of the token."""

LEDGER_SECONDS = 5  # a database that restarts or fails over is back by then, or soon after


class InvalidTokenError(Exception):
    """The request carries a token that proves nothing."""

    def __init__(self, message: str = "The bearer token is not valid; sign in again.") -> None:
        super().__init__(message)


class ExpiredTokenError(InvalidTokenError):
    """It proved something once."""

    def __init__(self) -> None:
        super().__init__("The bearer token has expired; sign in again.")


class UncheckableTokenError(Exception):
    """It may be good, but what is needed to tell cannot be had for `retry_after` seconds or so.

    No `InvalidTokenError`: whoever is told that a token is invalid throws it away.
    """

    def __init__(self, retry_after: int = LEDGER_SECONDS) -> None:
        super().__init__(
            "The bearer token cannot be checked just now; keep it, and ask again in "
            f"{retry_after} s."
        )
        self.retry_after = retry_after
