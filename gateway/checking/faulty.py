"""Every fault, at a private sandbox of one partner: what the matrix tests do, for one command."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

from adapters.base import Page
from adapters.matrix import Finding, read_clean, to_booking, try_enrolling, try_reading
from adapters.sandbox.faults.kinds import Fault
from adapters.sandbox.faults.registry import FAULTS
from adapters.sandbox.secrets import SANDBOX_PARTNERS
from adapters.sandbox.server import Sandbox, SandboxOptions
from gateway.checking.guarded import GuardedSite
from gateway.checking.lists import ListTrial
from gateway.checking.verdicts import Mark, Verdict
from gateway.partners.config import PartnerConfig

MOST_ROWS = 110  # enough for two pages of every format, and for a list to count as large
OURS = "This is ours to mend: the adapter or the guard makes of the fault what it must not."


async def check_faults(
    config: PartnerConfig, folder: Path, now: Callable[[], datetime]
) -> AsyncIterator[Verdict]:
    """Yield a verdict for every fault that can be set; `folder` is for the private sandbox."""
    if config.code not in SANDBOX_PARTNERS:
        reason = "the sandbox has no such partner: use adapters/testing.py with a recorded answer"
        yield Verdict("faults", "mishandles no fault", Mark.SKIPPED, reason)
        return
    options = SandboxOptions(partners=(config.code,), most_rows=MOST_ROWS)
    async with Sandbox(folder, options, now=now) as sandbox:
        site, trial = GuardedSite(sandbox, config), ListTrial(sandbox, config, folder / "lists")
        try:
            await trial.prepare()
            clean = await read_clean(site)
            for fault in FAULTS:
                async for finding in _findings(site, trial, fault, clean, now):
                    yield to_verdict(finding)
        finally:
            await site.aclose()
            await trial.aclose()


async def _findings(
    site: GuardedSite, trial: ListTrial, fault: Fault, clean: Page, now: Callable[[], datetime]
) -> AsyncIterator[Finding]:
    if expected := fault.reading(site.code):
        whole = fault.page is None
        yield await (
            trial.try_list(fault, expected) if whole else try_reading(site, fault, expected, clean)
        )
    booking = to_booking(clean, fault.name, now())
    if booking and (expected := fault.enrolling(site.code)):
        yield await try_enrolling(site, fault, expected, booking)


def to_verdict(finding: Finding) -> Verdict:
    """Return a finding as a line of the report."""
    what = "enrolling" if finding.is_booking else "reading"
    name = f"{finding.fault.id} {finding.fault.name}, {what}"
    if finding.is_good:
        return Verdict("faults", name, Mark.PASSED, str(finding.got))
    said = f"{finding.got}, expected {finding.expected}" if finding.got != finding.expected else ""
    reason = "; ".join(filter(None, (said, finding.amiss)))
    return Verdict("faults", name, Mark.FAILED, reason, OURS)
