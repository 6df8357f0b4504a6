"""The audit trail of acts that change other rows than the ledger's."""

from collections.abc import Callable, Iterable
from datetime import datetime

from gateway.enrolment.audit.records import Act, record
from gateway.storage.engine import Database


class Trail:
    """Writes down who did what, and why."""

    def __init__(self, ledger: Database, now: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._now = now

    async def note(self, act: Act, target: str, *, by: str, **details: object) -> None:
        """Write down one act; `details` hold no personal data, they stay for ever."""
        now = self._now()
        await self._ledger.write(lambda c: record(c, act, target, by=by, at=now, **details))

    async def note_refused(
        self, act: Act, target: str, codes: Iterable[str], *, by: str, **details: object
    ) -> None:
        """Write down that an act which was noted was then refused, if there are codes of that."""
        if told := sorted(codes):
            details |= {"of": act, "codes": told}
            await self.note(Act.NOT_CARRIED_OUT, target, by=by, **details)
