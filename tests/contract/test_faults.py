"""The matrix: every fault of the sandbox before every adapter, through the guarded calls.

Whole lists under faults are in test_list_faults.py.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import UTC, datetime

import pytest

from adapters.base import Booking, Capability, Page
from adapters.matrix import Finding, read_clean, to_booking, try_enrolling, try_quoting, try_reading
from adapters.sandbox.faults.kinds import Fault
from adapters.sandbox.faults.registry import ANY_FORMAT, FAULTS
from adapters.sandbox.server import Sandbox
from gateway.checking.guarded import GuardedSite
from gateway.checking.live import capabilities_of
from tests.contract.matrix import CONFIGS, check, short_lists

QUOTING = {c.code for c in CONFIGS if Capability.QUOTE in capabilities_of(c)}

pytestmark = pytest.mark.anyio


class Field:
    """All sandbox partners, and what each says when all is well."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sites = {config.code: GuardedSite(sandbox, config) for config in CONFIGS}
        self.pages: dict[str, Page] = {}

    async def prepare(self) -> None:
        for code, site in self.sites.items():
            self.pages[code] = await read_clean(site)

    def booking(self, code: str, fault: Fault) -> Booking:
        found = to_booking(self.pages[code], fault.name, datetime.now(UTC))
        assert found is not None, f"{code} sells nothing on its first page"
        return found

    async def aclose(self) -> None:
        for site in self.sites.values():
            await site.aclose()


@pytest.fixture(scope="module")
async def field(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Field]:
    async with short_lists(tmp_path_factory.mktemp("faults")) as sandbox:
        found = Field(sandbox)
        await found.prepare()
        yield found
        await found.aclose()


async def each_of(tries: Sequence[Awaitable[Finding]], fault: Fault) -> None:
    """Try all partners at once; host names one after the other, as name servers are easily lost."""
    assert tries, "no partner meets it"
    if fault.host is None:
        check(await asyncio.gather(*tries))
    else:
        check([await each for each in tries])


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.page], ids=lambda f: f.name)
async def test_reading_a_page_under(fault: Fault, field: Field):
    met = {code: expected for code in field.sites if (expected := fault.reading(code))}
    tries = [
        try_reading(field.sites[code], fault, expected, field.pages[code])
        for code, expected in met.items()
    ]

    await each_of(tries, fault)


@pytest.mark.parametrize("fault", [f for f in ANY_FORMAT if f.page], ids=lambda f: f.name)
async def test_a_quote_ends_as_reading_a_page_does_under(fault: Fault, field: Field):
    tries = [
        try_quoting(site, fault, expected, field.pages[code].offerings[0].key)
        for code, site in field.sites.items()
        if code in QUOTING and (expected := fault.reading(code))
    ]

    await each_of(tries, fault)


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.booking], ids=lambda f: f.name)
async def test_enrolling_under(fault: Fault, field: Field):
    met = {code: expected for code in field.sites if (expected := fault.enrolling(code))}
    tries = [
        try_enrolling(field.sites[code], fault, expected, field.booking(code, fault))
        for code, expected in met.items()
    ]

    await each_of(tries, fault)
