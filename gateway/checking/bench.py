"""What the checks of a live partner share: who asks, and what was found on the way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from adapters.base import Booking, Capability, NotModified, Page, Receipt
from adapters.errors import PartnerError
from gateway.checking.verdicts import Mark, Verdict
from gateway.partners.calls import PartnerCalls
from schema.model.values import PartnerCode


class AmissError(Exception):
    """A check found something wrong; the message says what."""


class NotApplicableError(Exception):
    """A check cannot be made here; the message says why."""


@dataclass(slots=True)
class Bench:
    """One partner under the guarded calls, and what the checks so far have read."""

    calls: PartnerCalls
    code: PartnerCode
    capabilities: frozenset[Capability]
    now: Callable[[], datetime]
    clock: Callable[[], float]
    most_pages: int = 50
    pages: list[Page] = field(default_factory=list)
    booking: Booking | None = None
    receipt: Receipt | None = None

    @property
    def first(self) -> Page:
        """The first page, if it could be read."""
        if not self.pages:
            raise NotApplicableError("its list could not be read")
        return self.pages[0]

    async def fetch_first(self) -> Page:
        """Read the first page anew."""
        found = await self.calls.fetch_page(self.code)
        if isinstance(found, NotModified):
            raise AmissError("it answered 304 to a request without conditions")
        return found


@dataclass(frozen=True, slots=True)
class LiveCheck:
    """One thing that is asked of a live partner; `ask` raises what it finds amiss."""

    part: str
    name: str
    ask: Callable[[Bench], Awaitable[None]]
    advice: str
    needs: Capability

    async def run(self, bench: Bench) -> Verdict:
        """Make the check."""
        if self.needs not in bench.capabilities:
            return self._verdict(Mark.SKIPPED, f"its adapter has no {self.needs}")
        try:
            await self.ask(bench)
        except NotApplicableError as exc:
            return self._verdict(Mark.SKIPPED, str(exc))
        except AmissError as exc:
            return self._verdict(Mark.FAILED, str(exc))
        except PartnerError as exc:
            return self._verdict(Mark.FAILED, exc.reason)
        return self._verdict(Mark.PASSED)

    def _verdict(self, mark: Mark, reason: str = "") -> Verdict:
        advice = self.advice if mark is Mark.FAILED else ""
        return Verdict(self.part, self.name, mark, reason, advice)
