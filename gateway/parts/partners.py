"""The partners part: who is in the partners files, and the guarded calls to them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from adapters.registry import build_adapter
from gateway.partners.adapters import AdapterPool
from gateway.partners.breaker import BreakerState
from gateway.partners.calls import PartnerCalls
from gateway.partners.config import PartnerConfig, load_partners
from gateway.partners.operations import Operation
from gateway.partners.pace import LocalPace, partner_rates
from gateway.partners.reports import CallReport
from gateway.partners.sandbox import partners_files, partners_reach
from gateway.settings import Settings
from gateway.telemetry import (
    CACHE_UNAVAILABLE,
    PARTNER_BREAKERS,
    PARTNER_CALL_SECONDS,
    PARTNER_CALLS,
)
from gateway.telemetry.traces import trace_call

if TYPE_CHECKING:  # a process without Redis does without its client
    from gateway.partners.shared_pace import SharedPace

PROCESSES_EACH = 2  # that call partners, for each that serves: itself, and one that syncs
_GUARDED = {Operation.FETCH_PAGE: "lists", Operation.QUOTE: "quotes"}
_OPENNESS = {BreakerState.CLOSED: 0.0, BreakerState.HALF_OPEN: 0.5, BreakerState.OPEN: 1.0}


class PartnersPart:
    """Everything that speaks with partners; an adapter is built when it is first called."""

    def __init__(self, settings: Settings, report: Callable[[CallReport], None]) -> None:
        """Make it; `report` hears of every call."""
        self.configs: Sequence[PartnerConfig] = load_partners(partners_files(settings))
        build = partial(build_adapter, reach=partners_reach(settings))
        self._adapters = AdapterPool(self.configs, settings.data_dir, build)
        self._pace = _build_pace(settings, self.configs)
        self.calls = PartnerCalls(self._adapters, report=report, pace=self._pace)

    async def aclose(self) -> None:
        """Close every connection to partners, and that to their shared pace."""
        await self._adapters.aclose()
        if not isinstance(self._pace, LocalPace):
            await self._pace.close()


def _build_pace(settings: Settings, configs: Sequence[PartnerConfig]) -> "LocalPace | SharedPace":
    rates = partner_rates(configs)
    processes = settings.calling_processes or settings.workers * PROCESSES_EACH
    local = LocalPace(rates, processes=processes)
    if settings.redis_url is None:
        return local
    from gateway.cache.connecting import build_redis  # noqa: PLC0415 - see above
    from gateway.partners.shared_pace import SharedPace  # noqa: PLC0415

    client = build_redis(settings.redis_url)
    return SharedPace(client, rates, local, on_unavailable=CACHE_UNAVAILABLE.inc)


def count_call(report: CallReport) -> None:
    """Count a call, and how long it took, in the metrics."""
    labels = (report.partner, report.operation)
    PARTNER_CALLS.labels(*labels, report.outcome).inc()
    PARTNER_CALL_SECONDS.labels(*labels).observe(report.seconds)
    trace_call(report)
    work = _GUARDED.get(report.operation, "enrolments")
    PARTNER_BREAKERS.labels(report.partner, work).set(_OPENNESS[report.breaker])
