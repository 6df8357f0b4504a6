"""Price and seats, asked of the sandbox partners over real HTTP."""

from dataclasses import replace

import pytest

from adapters.base import Capability, Quote
from adapters.errors import PartnerAccessError, PartnerUnavailableError
from adapters.registry import installed
from adapters.sandbox.secrets import SANDBOX_PARTNERS
from schema.model.values import Money
from tests.contract.shops import CONFIGS, a_booking, a_shelf, open_shop

TELLING = [
    code
    for code in SANDBOX_PARTNERS
    if Capability.QUOTE in installed().kinds[CONFIGS[code].adapter].manifest.capabilities
]

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("code", TELLING)]


def test_partners_of_several_kinds_tell_quotes(code):
    assert len(TELLING) >= 3


async def test_price_and_seats_of_now_are_told(code):
    shelf = a_shelf(code)

    async with open_shop(code, shelf) as (adapter, _):
        before = await adapter.quote(["K-1", "K-2"])
        await adapter.enrol(a_booking("ref-1", "K-1", "S-2"))
        shelf[0] = replace(shelf[0], price=95_000)
        [after] = await adapter.quote(["K-1"])

    assert list(before) == [
        Quote("K-1", Money(90_700), (("S-2", 12), ("S-3", 1))),
        Quote("K-2", Money(0), (("S-4", 12), ("S-5", 1))),
    ]
    assert after == Quote("K-1", Money(95_000), (("S-2", 11), ("S-3", 1)))


async def test_what_has_no_sessions_has_a_price(code):
    async with open_shop(code, a_shelf(code)) as (adapter, _):
        [quote] = await adapter.quote(["K-5"])

    assert quote == Quote("K-5", Money(94_700))


async def test_what_is_not_sold_is_left_out(code):
    async with open_shop(code, a_shelf(code)) as (adapter, _):
        some = await adapter.quote(["K-1", "never-sold"])
        none = await adapter.quote(["never-sold"])

    assert [quote.offering for quote in some] == ["K-1"]
    assert list(none) == []


async def test_many_quotes_in_a_row_are_told(code):
    """A token that ends after a few reads is renewed on the way."""
    async with open_shop(code, a_shelf(code)) as (adapter, _):
        prices = [(await adapter.quote(["K-1"]))[0].price for _ in range(6)]

    assert prices == [Money(90_700)] * 6


async def test_wrong_secrets_and_a_closed_shop_are_told_apart(code):
    async with open_shop(code, a_shelf(code), spoil_secrets=True) as (adapter, door):
        with pytest.raises(PartnerAccessError):
            await adapter.quote(["K-1"])
    async with open_shop(code, a_shelf(code)) as (adapter, door):
        await door.close()
        with pytest.raises(PartnerUnavailableError):
            await adapter.quote(["K-1"])
