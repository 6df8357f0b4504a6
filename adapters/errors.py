"""What can go wrong with a partner, grouped by what the gateway does next.

PartnerError
├── RetryablePartnerError        wait and repeat
│   ├── PartnerUnavailableError      no answer, or 5xx
│   └── PartnerThrottledError        429; carries `retry_after`
├── PermanentPartnerError        stop, and tell the adapter's owner
│   ├── PartnerRefusedError          4xx: our request is wrong
│   │   └── PartnerAccessError           we cannot get in: an operator has to mend it
│   ├── CursorExpiredError           the page walk must start again
│   └── PartnerContractError         their answer is not what they documented
│       └── UnreadableListError          no row of it can be read; carries the rows
└── AmbiguousPartnerError        a write may have happened: ask, never repeat
"""

from adapters.base import Page


class PartnerError(Exception):
    """Base of every failure an adapter may raise.

    `reason` is shown to operators and in `Freshness.reason`: no secrets, no
    addresses, no personal data.
    """

    def __init__(self, partner: str, reason: str) -> None:
        super().__init__(f"{partner}: {reason}")
        self.partner = partner
        self.reason = reason


class RetryablePartnerError(PartnerError):
    """Repeating the same request later may succeed."""


class PartnerUnavailableError(RetryablePartnerError):
    """The partner did not answer, or answered 5xx."""


class PartnerThrottledError(RetryablePartnerError):
    """The partner asked us to slow down; `retry_after` is in seconds, if told."""

    def __init__(self, partner: str, *, retry_after: float | None = None) -> None:
        super().__init__(partner, "asked us to slow down")
        self.retry_after = retry_after


class PermanentPartnerError(PartnerError):
    """Repeating the same request cannot help."""


class PartnerRefusedError(PermanentPartnerError):
    """The partner says our request is wrong; `code` is its own word for why, if told."""

    def __init__(self, partner: str, reason: str, *, code: str | None = None) -> None:
        super().__init__(partner, reason)
        self.code = code


class PartnerAccessError(PartnerRefusedError):
    """We are not let in: our credentials are refused, or something is not set up on our side.

    What was asked was not done, and is not at fault: it waits until an operator has seen to it.
    """


class CursorExpiredError(PermanentPartnerError):
    """The cursor is no longer known to the partner: start again from the first page."""


class PartnerContractError(PermanentPartnerError):
    """The partner's answer is not what its API documents."""


class UnreadableListError(PartnerContractError):
    """No row of the whole list can be read; `page` says of each why."""

    def __init__(self, partner: str, reason: str, page: Page) -> None:
        super().__init__(partner, reason)
        self.page = page


class AmbiguousPartnerError(PartnerError):
    """A write may have taken effect; find out before repeating it."""
