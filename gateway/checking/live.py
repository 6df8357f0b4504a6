"""All checks of a live partner, in order; it is only read, unless a test booking is wanted."""

from adapters.base import Capability
from adapters.registry import UnknownAdapterError, installed
from gateway.checking.bench import Bench
from gateway.checking.enrolling import BOOKING_CHECKS, LOOKING_CHECKS, given_back
from gateway.checking.reading import READING_CHECKS
from gateway.checking.verdicts import Mark, Verdict
from gateway.partners.config import PartnerConfig

DESK = frozenset({Capability.ENROLMENT, Capability.STATEMENT})


async def check_live(bench: Bench, *, with_booking: bool) -> list[Verdict]:
    """Make all checks; a test booking that could not be cancelled is a failure of its own."""
    verdicts = [await check.run(bench) for check in (*READING_CHECKS, *LOOKING_CHECKS)]
    if not with_booking:
        reason = "books nothing without --enrol"
        skipped = [Verdict(each.part, each.name, Mark.SKIPPED, reason) for each in BOOKING_CHECKS]
        return verdicts + skipped
    async with given_back(bench) as left:
        verdicts += [await check.run(bench) for check in BOOKING_CHECKS]
    for said in left:
        advice = "Cancel it by hand."
        verdicts.append(Verdict("desk", "keeps no test booking", Mark.FAILED, said, advice))
    return verdicts


def capabilities_of(config: PartnerConfig) -> frozenset[Capability]:
    """Return what can be asked of a partner: what its adapter does, where its options say where.

    Raises `UnknownAdapterError`.
    """
    kind = installed().kinds.get(config.adapter)
    if kind is None:
        raise UnknownAdapterError(f"no adapter {config.adapter!r} is installed")
    told = kind.manifest.capabilities
    return told - DESK if config.adapter == "feed" and "enrolments" not in config.options else told
