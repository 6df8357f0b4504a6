"""The conformance suite's second half: an adapter before a recorded partner that misbehaves.

Over real HTTP, each fault that a partner of any format may have (`ANY_FORMAT`), while a page
is read and while a booking is made.
"""

from collections.abc import Awaitable, Callable

from adapters.base import Capability
from adapters.matrix import Finding, read_clean, try_enrolling, try_reading
from adapters.recorded import Case
from adapters.recorded_site import RecordedSite
from adapters.sandbox.faults.kinds import Fault
from adapters.sandbox.faults.outcomes import Expected
from adapters.sandbox.faults.registry import ANY_FORMAT

FaultCheck = Callable[[Case], Awaitable[None]]


class MishandledFaultError(AssertionError):
    """An adapter makes of a fault what it must not; the message says what."""


def fault_checks_for(case: Case) -> list[FaultCheck]:
    """Return the checks that apply to a case, by its adapter's capabilities and what it shows."""
    checks: list[FaultCheck] = []
    if Capability.CATALOGUE in case.capabilities:
        checks += [
            _reading(fault, expected)
            for fault in ANY_FORMAT
            if (expected := _expected(fault, case)) is not None
        ]
    if Capability.ENROLMENT in case.capabilities and case.receipt is not None:
        checks += [
            _enrolling(fault, fault.booking) for fault in ANY_FORMAT if fault.booking is not None
        ]
    return checks


def _expected(fault: Fault, case: Case) -> Expected | None:
    """Return what must come of reading: by the case, where its format says otherwise."""
    own: str | None = case.expected.get("faults", {}).get(fault.name)
    if own is None:
        return fault.page
    return Expected(own) if own else None


def _reading(fault: Fault, expected: Expected) -> FaultCheck:
    async def check(case: Case) -> None:
        async with RecordedSite.opened(case) as site:
            _judge(await try_reading(site, fault, expected, await read_clean(site)))

    check.__name__ = f"reading_under_{fault.name}"
    return check


def _enrolling(fault: Fault, expected: Expected) -> FaultCheck:
    async def check(case: Case) -> None:
        async with RecordedSite.opened(case) as site:
            _judge(await try_enrolling(site, fault, expected, site.booking))

    check.__name__ = f"enrolling_under_{fault.name}"
    return check


def _judge(finding: Finding) -> None:
    if not finding.is_good:
        raise MishandledFaultError(str(finding))
