"""Whatever the partners list, a client that follows the changes has the catalogue."""

import asyncio
from dataclasses import dataclass
from itertools import cycle

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.catalogue.changes import SnapshotChanges
from schema.model.catalogue import Offering
from schema.model.values import PartnerCode
from tests.catalogue import PINTARIA, TOKOPEDIA, ScriptedPartner, a_partner, an_offering
from tests.integration.catalogue.conftest import Clock, Workbench
from tests.integration.catalogue.copies import Copy, Process

# Each step is what a partner lists next, by key: (title, price).

TITLES = st.sampled_from(["Barista", "Desain", "Las", "Menjahit", "Ekspor"])
LISTS = st.dictionaries(st.sampled_from("abcd"), st.tuples(TITLES, st.integers(1, 2)), max_size=4)
STEPS = st.tuples(st.sampled_from([TOKOPEDIA, PINTARIA]), LISTS)


@dataclass
class Market:
    """Partners whose lists come from a random history."""

    bench: Workbench
    steps: list[tuple[PartnerCode, dict[str, tuple[str, int]]]]

    async def turn(self) -> None:
        """Sync the next list, if there is one."""
        if not self.steps:
            return
        code, listed = self.steps.pop(0)
        found: list[Offering] = [
            an_offering(key, title, partner=code, price=price)
            for key, (title, price) in listed.items()
        ]
        await self.bench.sync(ScriptedPartner(found), a_partner(code), accept_alarm=True)


@dataclass(frozen=True)
class History:
    """What happens, and how a client looks at it meanwhile."""

    steps: list[tuple[PartnerCode, dict[str, tuple[str, int]]]]
    sizes: list[int]
    moves: list[bool]  # whether the catalogue moves before a page
    begins_after: int
    looks: int


HISTORIES = st.builds(
    History,
    steps=st.lists(STEPS, min_size=3, max_size=9),
    sizes=st.lists(st.integers(1, 2), min_size=1, max_size=4),
    moves=st.lists(st.booleans(), min_size=1, max_size=6),
    begins_after=st.integers(1, 4),
    looks=st.integers(1, 4),
)


@settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink a database takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=HISTORIES)
def test_whoever_applies_all_changes_has_the_catalogue(sqlite_templates, tmp_path, history):
    for leftover in tmp_path.iterdir():
        leftover.unlink()
    database = sqlite_templates.open("catalogue", tmp_path)
    try:
        asyncio.run(live_through(history, Workbench(database, Clock())))
    finally:
        database.close()


async def live_through(history: History, bench: Workbench) -> None:
    market, process, copy = Market(bench, list(history.steps)), Process(bench), Copy()
    for _ in range(history.begins_after):
        await market.turn()
    moves = cycle(history.moves)

    async def look() -> SnapshotChanges:
        if next(moves):
            await market.turn()
        return await process.look()

    for _ in range(history.looks):
        await copy.follow(look, history.sizes)
    while market.steps:
        await market.turn()
    await copy.follow(process.look, history.sizes)
    assert copy.courses == await process.whole()
    fresh = Copy()
    await fresh.follow(process.look, history.sizes)
    assert fresh == copy
