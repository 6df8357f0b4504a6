"""How a one-time password reaches its learner."""

import sys
from datetime import datetime
from typing import Protocol, TextIO

from schema.model.values import LearnerId


class OtpDelivery(Protocol):
    """Takes a one-time password to a learner, by a way that the partner cannot read."""

    async def deliver(self, learner: LearnerId, password: str, good_until: datetime) -> None:
        """Send it, or raise: a password that did not leave is never asked for."""


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
