"""Webhooks that nobody signed: they say nothing, and have us ask."""

import json
from dataclasses import replace

import pytest

from adapters.base import ReceiptStatus
from gateway.partners.config import Webhooks
from gateway.storage.engine import Database
from tests.integration.enrolment.builders import PARTNER, PRICE
from tests.integration.webhooks.partners import Hooks
from tests.integration.webhooks.verdicts import S, pending

pytestmark = pytest.mark.anyio


@pytest.fixture
def unsigned(ledger_db: Database) -> Hooks:
    return Hooks(ledger_db, Webhooks(signed=False, reference_at="order.ref"))


def signal(reference: str) -> bytes:
    return json.dumps({"order": {"ref": reference, "status": "COMPLETED"}}).encode()


async def test_an_unsigned_webhook_is_a_signal_to_ask(unsigned: Hooks):
    record = await pending(unsigned)
    partner = unsigned.programme.partner
    booked = partner.booked[record.reference]

    answer = await unsigned.post(PARTNER, signal(record.reference))
    await unsigned.signals.look()

    assert (answer.status_code, answer.json()) == (202, {"status": "signalled"})
    assert partner.calls["find"] == 1
    assert (await unsigned.programme.read(record)).status is S.PENDING_PARTNER  # not believed
    assert booked.status is ReceiptStatus.PENDING


async def test_what_the_partner_answers_counts(unsigned: Hooks):
    record = await pending(unsigned)
    booked = unsigned.programme.partner.booked
    await unsigned.post(PARTNER, signal(record.reference))
    booked[record.reference] = replace(booked[record.reference], status=ReceiptStatus.CONFIRMED)

    await unsigned.signals.look()

    assert (await unsigned.programme.read(record)).status is S.CONFIRMED
    assert (await unsigned.programme.accounts())["PARTNER"] == PRICE


async def test_a_storm_of_signals_is_two_questions(unsigned: Hooks):
    record = await pending(unsigned)
    calls = unsigned.programme.partner.calls
    for _ in range(10):
        await unsigned.post(PARTNER, signal(record.reference))
        await unsigned.signals.look()
    assert calls["find"] == 1

    unsigned.clock.advance(seconds=31)
    await unsigned.signals.look()
    unsigned.clock.advance(seconds=31)
    await unsigned.signals.look()

    assert calls["find"] == 2  # the second for all that came after the first


async def test_signals_about_nothing_of_ours_ask_nobody(unsigned: Hooks):
    for body in (signal("mitra-x"), b"", b"[]", b"\xff", signal("x" * 100)):
        assert (await unsigned.post(PARTNER, body)).status_code == 202
    await unsigned.signals.look()

    assert unsigned.programme.partner.calls["find"] == 0


@pytest.mark.parametrize("state", ["is_down", "is_locked"])
async def test_a_partner_that_cannot_be_asked_is_asked_later(unsigned: Hooks, state: str):
    record = await pending(unsigned)
    partner = unsigned.programme.partner
    setattr(partner, state, True)
    await unsigned.post(PARTNER, signal(record.reference))
    await unsigned.signals.look()
    setattr(partner, state, False)
    await unsigned.signals.look()
    assert partner.calls["find"] == 1  # it is given time

    unsigned.clock.advance(seconds=6)
    await unsigned.signals.look()

    assert partner.calls["find"] == 2
