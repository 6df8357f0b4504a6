"""How a one-time password reaches its learner.

A way of delivering is a distribution of its own: it names a callable without arguments that
returns an `OtpDelivery` in the entry-point group `mitra.otp_delivery`, and the setting
`MITRA_OTP_DELIVERY` chooses it.
"""

import sys
from datetime import datetime
from importlib.metadata import entry_points
from typing import Protocol, TextIO

from schema.model.values import LearnerId

GROUP = "mitra.otp_delivery"


class OtpDelivery(Protocol):
    """Takes a one-time password to a learner, by a way that the partner cannot read."""

    async def deliver(self, learner: LearnerId, password: str, good_until: datetime) -> None:
        """Send it, or raise: a password that did not leave is never asked for."""


class UnknownDeliveryError(ValueError):
    """No way of delivering has the wanted name; the message says what is installed."""


class ConsoleDelivery:
    """Development alone: the password stands on the console of whoever runs the gateway."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to `stream`; to standard error without one."""
        self._stream = stream

    async def deliver(self, learner: LearnerId, password: str, good_until: datetime) -> None:
        """Print it."""
        stream = self._stream or sys.stderr
        until = f"until {good_until:%H:%M:%S} UTC"
        stream.write(f"one-time password of learner {learner}: {password} ({until})\n")
        stream.flush()


def build_delivery(name: str | None, *, is_development: bool) -> OtpDelivery | None:
    """Return the chosen way; without a choice the console in development, and none elsewhere.

    Raises `UnknownDeliveryError`.
    """
    if name is None:
        return ConsoleDelivery() if is_development else None
    installed = {point.name: point for point in entry_points(group=GROUP)}
    if name not in installed:
        known = ", ".join(sorted(installed)) or "none"
        raise UnknownDeliveryError(
            f"MITRA_OTP_DELIVERY: {name!r} is not installed in {GROUP}; installed: {known}"
        )
    delivery: OtpDelivery = installed[name].load()()
    return delivery
