"""What waits together is done together, and nobody waits for company or suffers for others."""

import asyncio
from collections.abc import Mapping

import pytest

from gateway.storage.together import Together

pytestmark = pytest.mark.anyio


class Desk:
    """Carries out what it is given, and remembers the groups; it waits where it is told to."""

    def __init__(self) -> None:
        self.groups: list[dict[str, int]] = []
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def double(self, group: Mapping[str, int]) -> Mapping[str, int]:
        self.groups.append(dict(group))
        await self.go_on.wait()
        if 13 in group.values():
            raise ValueError("13")
        return {scope: 2 * work for scope, work in group.items() if work}


async def test_what_comes_alone_goes_alone():
    desk = Desk()
    together = Together(desk.double, most=10)

    assert [await together.submit("a", 1), await together.submit("a", 2)] == [2, 4]
    assert desk.groups == [{"a": 1}, {"a": 2}]


async def test_what_comes_meanwhile_goes_together_next_up_to_a_number():
    desk = Desk()
    together = Together(desk.double, most=3)
    desk.go_on.clear()
    first = asyncio.create_task(together.submit("first", 1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(together.submit(f"s{n}", n)) for n in range(2, 7)]
    await asyncio.sleep(0)
    desk.go_on.set()

    assert await first == 2
    assert await asyncio.gather(*others) == [4, 6, 8, 10, 12]
    assert [len(group) for group in desk.groups] == [1, 3, 2]


async def test_two_of_one_scope_are_never_in_one_group():
    desk = Desk()
    together = Together(desk.double, most=10)

    found = await asyncio.gather(
        together.submit("a", 1), together.submit("b", 2), together.submit("a", 3)
    )

    assert found == [2, 4, 6]
    assert desk.groups == [{"a": 1, "b": 2}, {"a": 3}]


async def test_what_is_left_out_is_none():
    assert await Together(Desk().double, most=10).submit("a", 0) is None


async def test_what_is_raised_all_of_the_group_get_and_the_next_go_on():
    desk = Desk()
    together = Together(desk.double, most=2)

    found = await asyncio.gather(
        *(together.submit(scope, work) for scope, work in (("a", 13), ("b", 1), ("c", 2))),
        return_exceptions=True,
    )

    assert [type(each) for each in found] == [ValueError, ValueError, int]


async def test_who_goes_away_does_not_stop_the_others():
    desk = Desk()
    together = Together(desk.double, most=10)
    desk.go_on.clear()
    gone = asyncio.create_task(together.submit("a", 1))
    stays = asyncio.create_task(together.submit("b", 2))
    await asyncio.sleep(0)
    gone.cancel()
    desk.go_on.set()

    assert await stays == 4
    assert await together.submit("a", 3) == 6


async def test_one_that_comes_as_the_last_is_answered_is_not_forgotten():
    together = Together(Desk().double, most=1)

    async def ask_ever_again(scope: str) -> int:
        return sum([await together.submit(scope, 1) or 0 for _ in range(200)])

    async with asyncio.timeout(5):
        found = await asyncio.gather(*(ask_ever_again(str(n)) for n in range(5)))

    assert found == [400] * 5
