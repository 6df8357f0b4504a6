"""The checks of a live partner find what is wrong; faults are set at a private sandbox only."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import gateway.partners
from adapters.addresses import THIS_MACHINE
from adapters.base import Capability, PartnerSettings
from adapters.registry import build_adapter
from adapters.sandbox.faults.kinds import Asked
from adapters.sandbox.faults.orders import FaultOrder
from adapters.sandbox.faults.outcomes import Expected
from adapters.sandbox.faults.registry import fault_named
from adapters.sandbox.server import Sandbox, SandboxOptions
from gateway.checking import faulty
from gateway.checking.bench import Bench
from gateway.checking.guarded import guarded
from gateway.checking.live import capabilities_of, check_live
from gateway.checking.verdicts import Mark, Report, Verdict
from gateway.clock import utc_now
from gateway.partners.config import load_partners
from schema.model.values import PartnerCode

pytestmark = pytest.mark.anyio

SANDBOX_FILE = Path(gateway.partners.__file__).parent / "sandbox_partners.toml"
CONFIGS = {config.code: config for config in load_partners([SANDBOX_FILE])}
PINTARIA = CONFIGS[PartnerCode("pintaria")]
SMALL = SandboxOptions(partners=(PINTARIA.code,), most_rows=60)


@asynccontextmanager
async def checking(folder: Path) -> AsyncIterator[tuple[Sandbox, Bench]]:
    async with Sandbox(folder, SMALL) as sandbox:
        partner = sandbox.state.partners[PINTARIA.code]
        settings = PartnerSettings(PINTARIA.code, partner.address, partner.secrets)
        adapter = build_adapter("pintaria", settings, reach=THIS_MACHINE)
        calls = guarded(adapter, None)
        yield (
            sandbox,
            Bench(calls, PINTARIA.code, capabilities_of(PINTARIA), utc_now, time.monotonic),
        )
        await adapter.aclose()


async def failed(bench: Bench, *, with_booking: bool = False) -> dict[str, str]:
    verdicts = await check_live(bench, with_booking=with_booking)
    return {each.check: each.reason for each in verdicts if each.mark is Mark.FAILED}


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("price_word", "has rows that can be read"),
        ("next_is_itself", "comes to an end"),
        ("http_500", "answers a request for its first page"),
    ],
)
async def test_a_fault_of_the_list_fails_the_check_that_is_for_it(fault, check, tmp_path):
    async with checking(tmp_path) as (sandbox, bench):
        await sandbox.set_fault(PINTARIA.code, FaultOrder(fault_named(fault)))

        assert check in await failed(bench)


async def test_a_booking_that_was_left_in_doubt_is_given_back_at_the_end(tmp_path):
    async with checking(tmp_path) as (sandbox, bench):
        order = FaultOrder(
            fault_named("commit_then_drop"), times=1, on=frozenset({Asked.ENROLLING})
        )
        await sandbox.set_fault(PINTARIA.code, order)

        found = await failed(bench, with_booking=True)

        assert "confirms a test booking" in found
        [entry] = sandbox.entries(PINTARIA.code)
        assert entry.receipt["status"] == "cancelled"


async def test_a_booking_that_cannot_be_given_back_is_said(tmp_path):
    async with checking(tmp_path) as (sandbox, bench):
        order = FaultOrder(fault_named("http_500"), after=1, on=frozenset({Asked.ENROLLING}))
        await sandbox.set_fault(PINTARIA.code, order)

        found = await failed(bench, with_booking=True)

        assert "takes it back" in found
        assert "could not be cancelled" in found["keeps no test booking"]


async def test_faults_are_set_at_a_private_sandbox_and_each_is_judged(tmp_path, monkeypatch):
    names = ("http_503", "price_list", "empty_list")
    wrong = replace(fault_named("html"), page=Expected.READ, booking=None)
    monkeypatch.setattr(faulty, "FAULTS", (*map(fault_named, names), wrong))

    verdicts = [each async for each in faulty.check_faults(PINTARIA, tmp_path, utc_now)]

    assert [(each.check, each.mark) for each in verdicts] == [
        ("C14 http_503, reading", Mark.PASSED),
        ("C14 http_503, enrolling", Mark.PASSED),
        ("C21 price_list, reading", Mark.PASSED),
        ("C8 empty_list, reading", Mark.PASSED),
        ("C7 html, reading", Mark.FAILED),
    ]
    assert verdicts[-1].reason == "contract, expected read"


async def test_a_partner_without_a_sandbox_is_not_told_to_misbehave(tmp_path):
    other = replace(PINTARIA, partner=replace(PINTARIA.partner, code=PartnerCode("other")))

    [verdict] = [each async for each in faulty.check_faults(other, tmp_path, utc_now)]

    assert verdict.mark is Mark.SKIPPED


def test_a_feed_without_a_desk_is_asked_for_its_list_only():
    feed = CONFIGS[PartnerCode("pasar_kelas")]
    silent = replace(feed, options={k: v for k, v in feed.options.items() if k != "enrolments"})

    assert Capability.ENROLMENT in capabilities_of(feed)
    assert capabilities_of(silent) == {Capability.CATALOGUE}


def test_the_score_counts_what_could_be_checked_and_is_rounded_down():
    marks = [Mark.PASSED, Mark.PASSED, Mark.FAILED, Mark.SKIPPED]
    report = Report("p", [Verdict("list", str(n), mark) for n, mark in enumerate(marks)])

    assert (report.score, report.is_good) == (66, False)
    assert not Report("p", [Verdict("list", "x", Mark.SKIPPED)]).is_good
