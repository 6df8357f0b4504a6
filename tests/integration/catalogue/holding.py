"""Lists that are held, and the desk where it is decided about them."""

from collections.abc import Sequence

from adapters.base import Page
from gateway.catalogue.decisions import HeldLists
from gateway.catalogue.history import read_runs
from gateway.storage.leases import Leases
from schema.model.catalogue import Offering
from schema.model.held import HeldSync
from tests.catalogue import (
    TOKOPEDIA,
    ScriptedPartner,
    an_offering,
)
from tests.integration.catalogue.conftest import Workbench


def decisions(bench: Workbench) -> HeldLists:
    return HeldLists(bench.database, Leases(bench.database, bench.clock), bench.clock)


async def the_held(bench: Workbench) -> HeldSync:
    [held] = await decisions(bench).read_held()
    return held


async def outcomes(bench: Workbench) -> list[str]:
    found = await bench.database.read(lambda c: read_runs(c, TOKOPEDIA, 50))
    return [run.outcome for run in reversed(found)]


async def held_after(bench: Workbench, *lists: Sequence[Offering] | Page) -> ScriptedPartner:
    """Sync each of `lists`; the last is held."""
    partner = ScriptedPartner()
    for each in lists:
        partner.lists(each)
        done = await bench.sync(partner)
    assert done.withheld
    return partner


def priced(*prices: int | None, start: int = 1) -> list[Offering]:
    return [
        an_offering(str(n), f"Kursus Nomor {n}", price=price)
        for n, price in enumerate(prices, start=start)
    ]


def with_fields(listed: Sequence[Offering], **fields: int) -> Page:
    return Page(tuple(listed), fields=fields)
