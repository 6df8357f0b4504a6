"""Remembering who reached for what is not theirs: implements `schema.operating_ports.Refusals`.

Whoever is refused may try again as often as they like, so not every time is a row: the same
viewer and field once in a while, and all together a few a second at most.
"""

from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway.enrolment.audit.records import Act
from gateway.operating.trail import Trail
from schema.model.viewer import Viewer

REPEAT_SECONDS = 60.0
MOST_IN_THAT = 200  # rows, of everybody

log = structlog.get_logger(__name__)


class RefusalLog:
    """Notes refusals in the audit trail."""

    def __init__(self, trail: Trail, clock: Callable[[], float]) -> None:
        self._trail = trail
        self._clock = clock
        self._noted: dict[tuple[str, str], float] = {}

    async def note(self, viewer: Viewer, coordinate: str) -> None:
        """Record that a viewer was refused a field, unless that is known already."""
        by = viewer.subject or "unnamed"
        if not self._is_news((by, coordinate)):
            return
        roles = sorted(viewer.roles)
        try:
            await self._trail.note(Act.ACCESS_REFUSED, coordinate, by=by, roles=roles)
        except SQLAlchemyError as exc:  # they are refused all the same
            log.error("refusals.not_noted", error=type(exc).__name__)  # noqa: TRY400 - values are not for logs

    def _is_news(self, what: tuple[str, str]) -> bool:
        now = self._clock()
        while self._noted and now - next(iter(self._noted.values())) >= REPEAT_SECONDS:
            del self._noted[next(iter(self._noted))]  # the oldest come first
        if what in self._noted or len(self._noted) >= MOST_IN_THAT:
            return False
        self._noted[what] = now
        return True
