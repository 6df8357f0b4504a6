"""The same over a real Redis Cluster, which refuses every command about keys of several slots."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.cache.connecting import build_redis
from gateway.cache.flights import Terms
from gateway.cache.lifetimes import Lifetime
from gateway.cache.memory import MemoryCache
from gateway.cache.shared import SharedLevel
from gateway.cache.tiered import TieredCache
from gateway.partners.pace import NoPace, Rate
from gateway.partners.shared_pace import SharedPace
from schema.model.values import PartnerCode
from tests.servers import running_redis_cluster

pytestmark = pytest.mark.anyio

KEYS = [f"quote:1:p:K-{number}" for number in range(20)]  # in as many slots, nearly
TERMS = Terms(Lifetime(60), tags=("quotes",))
CODE = PartnerCode("tokopedia")


@pytest.fixture(scope="module")
def cluster_url() -> Iterator[str]:
    with running_redis_cluster() as url:
        yield url


class Losses:
    count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
async def levels(cluster_url: str) -> AsyncIterator[list[SharedLevel]]:
    """Two processes' second levels, which know the cluster and have lost nothing."""
    made = [SharedLevel(build_redis(cluster_url), on_unavailable=Losses()) for _ in range(2)]
    for each in made:
        await each._client.flushall()
        each._on_unavailable.count = 0
    yield made
    for each in made:
        await each.close()


async def test_many_keys_are_made_once_for_all_kept_and_forgotten_by_their_tag(levels):
    asked: list[str] = []

    async def load(keys):
        asked.extend(keys)
        return {key: key.encode() for key in keys}

    caches = [TieredCache(MemoryCache(), each) for each in levels]
    for cache in caches:
        found = await cache.read(KEYS, load, TERMS)
        assert {key: entry.value for key, entry in found.items()} == {k: k.encode() for k in KEYS}
        await asyncio.sleep(0.05)  # the second level hears of it after the readers
    kept = await levels[1].get_many(KEYS)
    await levels[0].delete_tagged("quotes")
    gone = await levels[1].get_many(KEYS)

    assert sorted(asked) == sorted(KEYS)
    assert all(kept)
    assert gone == [None] * len(KEYS)
    assert [each._on_unavailable.count for each in levels] == [0, 0]


async def test_processes_share_one_pace(cluster_url: str):
    lost, rates = Losses(), {CODE: Rate(2)}
    clients = [build_redis(cluster_url) for _ in range(2)]
    for client in clients:
        await client.initialize()
    paces = [SharedPace(each, rates, NoPace(), on_unavailable=lost) for each in clients]

    turns = [await paces[number % 2].take(CODE, 10.0) for number in range(4)]
    for pace in paces:
        await pace.close()

    assert lost.count == 0
    assert [round(turn.wait, 1) for turn in turns] == [0.0, 0.0, 0.5, 1.0]


async def test_a_cluster_that_never_was_is_a_miss_and_costs_its_patience():
    lost = Losses()
    level = SharedLevel(build_redis("redis+cluster://127.0.0.1:1"), on_unavailable=lost)

    assert await level.get("key") is None
    assert await level.get_many(KEYS) == [None] * len(KEYS)
    assert lost.count == 2
    await level.close()
