"""The partners part: who is in the partners files, and the guarded calls to them."""

from collections.abc import Callable, Sequence

from adapters.registry import build_adapter
from gateway.partners.adapters import AdapterPool
from gateway.partners.calls import CallReport, PartnerCalls
from gateway.partners.config import PartnerConfig, load_partners
from gateway.partners.sandbox import partners_files
from gateway.settings import Settings
from gateway.telemetry import PARTNER_CALL_SECONDS, PARTNER_CALLS


class PartnersPart:
    """Everything that speaks with partners; an adapter is built when it is first called."""

    def __init__(self, settings: Settings, report: Callable[[CallReport], None]) -> None:
        """Make it; `report` hears of every call."""
        self.configs: Sequence[PartnerConfig] = load_partners(partners_files(settings))
        self._adapters = AdapterPool(self.configs, settings.data_dir, build_adapter)
        self.calls = PartnerCalls(self._adapters, report=report)

    async def aclose(self) -> None:
        """Close every connection to partners."""
        await self._adapters.aclose()


def count_call(report: CallReport) -> None:
    """Count a call, and how long it took, in the metrics."""
    labels = (report.partner, report.operation)
    PARTNER_CALLS.labels(*labels, report.outcome).inc()
    PARTNER_CALL_SECONDS.labels(*labels).observe(report.seconds)
