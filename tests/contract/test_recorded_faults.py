"""The faults before a recorded partner: what outsiders' adapters are checked with."""

import asyncio
from pathlib import Path

import pytest

from adapters import recorded_site
from adapters.errors import PartnerError, PartnerUnavailableError
from adapters.registry import build_adapter
from adapters.testing import MishandledFaultError, fault_checks_for, load_cases
from tests.spoilt import RepeatsItself, Wrapped

CASES = load_cases(Path(__file__).parent / "payloads")
PINTARIA = next(case for case in CASES if case.name == "pintaria")
CHECKS = {check.__name__: check for check in fault_checks_for(PINTARIA)}

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_every_adapter_passes(case):
    """All checks of a case at once: most of their time they wait for a deadline."""
    checks = fault_checks_for(case)

    told = await asyncio.gather(*(check(case) for check in checks), return_exceptions=True)

    wrong = [
        f"{check.__name__}: {error}"
        for check, error in zip(checks, told, strict=True)
        if error is not None
    ]
    assert wrong == []


class TakesDoubtForFailure(Wrapped):
    async def enrol(self, booking):
        try:
            return await super().enrol(booking)
        except PartnerError as exc:
            raise PartnerUnavailableError(exc.partner, exc.reason) from exc


class SwallowsItsDeadline(Wrapped):
    async def fetch_page(self, cursor=None, known=None):
        try:
            return await super().fetch_page(cursor, known)
        except asyncio.CancelledError:
            return None


class ForgetsWhatItBooked(Wrapped):
    async def find(self, reference):
        return None


@pytest.mark.parametrize(
    ("spoilt", "check", "said"),
    [
        (RepeatsItself, "enrolling_under_http_500", "sent 2 times"),
        (TakesDoubtForFailure, "enrolling_under_nothing", "expected ambiguous"),
        (SwallowsItsDeadline, "reading_under_hang", "expected unavailable"),
        (ForgetsWhatItBooked, "enrolling_under_commit_then_drop", "booked it 2 times"),
    ],
)
async def test_an_adapter_that_mishandles_a_fault_is_told_how(spoilt, check, said, monkeypatch):
    def build(*args, **kwargs):
        return spoilt(build_adapter(*args, **kwargs))

    monkeypatch.setattr(recorded_site, "build_adapter", build)

    with pytest.raises(MishandledFaultError, match=said):
        await CHECKS[check](PINTARIA)
