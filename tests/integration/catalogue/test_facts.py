"""Facts for enrolling: read together, never behind the catalogue, whatever is kept in memory."""

import asyncio
from dataclasses import replace

import pytest

from gateway.catalogue import facts
from schema.model.codes import public_code
from schema.model.values import Money, OfferingId, PartnerCode
from tests.catalogue import ScriptedPartner, an_offering, offerings
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio


async def test_many_are_read_at_once_and_who_never_was_is_none(bench: Workbench):
    listed = offerings(5)
    await bench.sync(ScriptedPartner(listed))
    wanted = [*(each.id for each in listed), OfferingId("nowhere"), listed[0].id]

    found = await asyncio.gather(*(bench.store.read_fact(each) for each in wanted))

    assert [fact and fact.offering.id for fact in found] == [*wanted[:5], None, wanted[0]]


async def test_a_new_price_is_told_though_the_old_one_was_kept(bench: Workbench):
    offering, store = an_offering("1", price=1_000), bench.store
    await bench.sync(ScriptedPartner([offering]))
    before = await store.read_fact(offering.id)
    await bench.sync(ScriptedPartner([replace(offering, price=Money(2_000))]))

    after = await store.read_fact(offering.id)

    assert before is not None
    assert after is not None
    assert (before.price, after.price) == (Money(1_000), Money(2_000))


async def test_what_is_kept_is_bounded(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(facts, "KEPT", 3)
    listed, store = offerings(8), bench.store
    await bench.sync(ScriptedPartner(listed))

    for _ in range(2):
        for each in listed:
            fact = await store.read_fact(each.id)
            assert fact is not None
            assert fact.offering.id == each.id

    assert len(store._facts._kept) == 3


async def test_an_offering_is_found_by_its_code_at_its_partner_alone(bench: Workbench):
    listed, store = offerings(5), bench.store
    await bench.sync(ScriptedPartner(listed))
    wanted = listed[3]

    found = await store.read_fact_by_code(wanted.partner, public_code(wanted.id).lower())

    assert found is not None
    assert found.offering.id == wanted.id
    assert await store.read_fact_by_code(PartnerCode("pintaria"), public_code(wanted.id)) is None
    assert await store.read_fact_by_code(wanted.partner, "0000000000") is None
    assert await store.read_fact_by_code(wanted.partner, "no code") is None
