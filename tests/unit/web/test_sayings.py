"""Whatever clients send, in whatever order, is answered and counted as without any shortcut."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest

from gateway.telemetry import REGISTRY
from tests.unit.schema.api import Api
from tests.unit.schema.fakes import a_course
from tests.unit.web.edge import ANI
from tests.unit.web.sayings import Sayings
from tests.unit.web.varied import Passing, told

pytestmark = pytest.mark.anyio

TURNS = 50
COUNTED = (
    "mitra_operations_total", "mitra_operation_seconds_count", "mitra_operation_errors_total",
    "mitra_client_operations_total", "mitra_client_cost_total", "mitra_graphql_requests_total",
)  # fmt: skip
WORLDS = tuple(Api([a_course(n) for n in range(first, first + 5)]) for first in (1, 3))


class Side:
    """A server that is told what clients say, and when the world goes on."""

    def __init__(self, *, is_hot: bool, points: int = 10**6) -> None:
        self.seconds = 0.0
        introspects = {"may_introspect": lambda viewer: viewer == ANI}
        self.served = Passing(
            is_hot=is_hot, points=points, clock=lambda: self.seconds, answering=introspects
        )
        self.wire = self.served.connect()

    async def hear(self, script: Sequence[bytes | int]) -> tuple[list[Any], Mapping[str, float]]:
        """Return all that must be the same of the answers, and of what was counted."""
        before, said = counted(), []
        for each in script:
            if isinstance(each, int):
                self.turn(each)
            else:
                said.append((each, *await self._say(each)))
        after = counted()
        return said, {name: more for name in after if (more := after[name] - before.get(name, 0))}

    async def _say(self, sent: bytes) -> tuple[Any, ...]:
        if self.wire.transport.is_closed:
            self.wire = self.served.connect()
        return *told(await self.wire.send(sent)), self.wire.transport.is_closed

    def turn(self, number: int) -> None:
        """Go on: another revision, another state of the partners, a minute later."""
        self.served.edge.epoch = f"{number // 3}.{number}"
        self.served.edge.api = WORLDS[number // 3 % len(WORLDS)]
        self.seconds += 20


def counted() -> Mapping[str, float]:
    """Return every counter that clients' requests move."""
    return {
        f"{each.name}{sorted(each.labels.items())}": each.value
        for family in REGISTRY.collect()
        for each in family.samples
        if each.name in COUNTED
    }


def script(dice: Random) -> list[bytes | int]:
    """Return what clients say one after the other; a number is another revision."""
    sayings, lines = Sayings(dice), list[bytes | int]()
    for number in range(1, TURNS):
        lines += sayings.several()
        if dice.random() < 0.15:
            lines.append(number)
    return lines


@pytest.mark.parametrize("seed", [1, 2])
async def test_all_is_answered_and_counted_as_without_a_shortcut(seed):
    lines = script(Random(seed))
    hot, ordinary = Side(is_hot=True), Side(is_hot=False)

    said, counts = await hot.hear(lines)
    expected, expected_counts = await ordinary.hear(lines)

    assert_equal(said, expected)
    assert counts == expected_counts
    assert hot.served.passed < 0.85 * len(said)  # the others never came so far
    assert hot.served.at_once > 0.03 * len(said)


async def test_who_can_spend_little_is_refused_as_without_a_shortcut():
    lines = script(Random(3))
    hot, ordinary = (Side(is_hot=each, points=5_000) for each in (True, False))

    said, counts = await hot.hear(lines)
    expected, expected_counts = await ordinary.hear(lines)

    assert_equal(said, expected)
    assert counts == expected_counts
    assert {429, 200} < {status for _, status, *_ in said}


def assert_equal(said: Sequence[Any], expected: Sequence[Any]) -> None:
    """Check one answer after the other: the first that differs tells most."""
    for one, other in zip(said, expected, strict=True):
        assert one == other
