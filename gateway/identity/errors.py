"""Why a token is not believed; the messages are for its sender and say nothing of the token."""


class InvalidTokenError(Exception):
    """The request carries a token that proves nothing."""

    def __init__(self, message: str = "The bearer token is not valid; sign in again.") -> None:
        super().__init__(message)


class ExpiredTokenError(InvalidTokenError):
    """It proved something once."""

    def __init__(self) -> None:
        super().__init__("The bearer token has expired; sign in again.")


class UncheckableTokenError(InvalidTokenError):
    """It may be good, but what is needed to tell cannot be had just now."""

    def __init__(self) -> None:
        super().__init__("The bearer token cannot be checked just now; try again in a minute.")
