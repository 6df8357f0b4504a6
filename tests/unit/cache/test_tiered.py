"""What is old is made anew by one for all, and served meanwhile as its lifetime says."""

import asyncio
from collections.abc import Sequence

import pytest

from gateway.cache.flights import Terms
from gateway.cache.lifetimes import Entry, Lifetime, to_bytes
from gateway.cache.memory import MemoryCache
from gateway.cache.refreshing import LEASE_SECONDS
from gateway.cache.tiered import TieredCache

pytestmark = pytest.mark.anyio

QUOTE = Terms(Lifetime(5, last_known=100))
PAGE = Terms(Lifetime(5, stale=10, last_known=100))


class Source:
    """Answers with how often it was asked; fails, or waits, when it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.failure: Exception | None = None
        self.knows = lambda key: True
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.at_a_time = self.most_at_a_time = 0

    async def __call__(self, keys: Sequence[str]) -> dict[str, bytes]:
        self.asked.append(tuple(keys))
        answer = str(len(self.asked)).encode()
        self.at_a_time += 1
        self.most_at_a_time = max(self.most_at_a_time, self.at_a_time)
        await self.may_answer.wait()
        await asyncio.sleep(0)
        self.at_a_time -= 1
        if self.failure:
            raise self.failure
        return {key: answer for key in keys if self.knows(key)}


class Shop:
    """A cache in memory alone, by a clock that the test moves."""

    def __init__(self, dice: float = 0.0, most_refreshes: int = 32) -> None:
        self.now = 1_000_000.0
        self.served: list[str] = []
        self.source = Source()
        self.memory = MemoryCache(clock=lambda: self.now)
        self.cache = TieredCache(
            self.memory,
            most_refreshes=most_refreshes,
            clock=lambda: self.now,
            dice=lambda: dice,
            on_read=self.served.append,
        )

    async def read(self, *keys: str, terms: Terms = QUOTE) -> dict[str, bytes]:
        found = await self.cache.read(keys, self.source, terms)
        return {key: entry.value for key, entry in found.items()}

    async def settled(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)


async def test_what_is_fresh_is_served_without_asking():
    shop = Shop()

    first = await shop.read("a")
    shop.now += 4.9
    again = await shop.read("a")

    assert first == again == {"a": b"1"}
    assert shop.served == ["made", "fresh"]


async def test_who_waits_for_anothers_load_has_taken_it():
    shop = Shop()

    async def load() -> bytes:
        await asyncio.sleep(0)
        return b"1"

    await asyncio.gather(*(shop.cache.get_or_load("a", load, 5.0) for _ in range(3)))
    await shop.cache.get_or_load("a", load, 5.0)

    assert shop.served == ["made", "taken", "taken", "fresh"]


async def test_a_value_says_when_it_was_asked_for():
    shop = Shop()
    shop.source.may_answer.clear()

    reading = asyncio.create_task(shop.cache.read(["a"], shop.source, QUOTE))
    await shop.settled()
    asked_at, shop.now = shop.now, shop.now + 0.7
    shop.source.may_answer.set()

    assert (await reading)["a"].made_at == asked_at


async def test_keys_are_loaded_together_and_only_those_that_are_old():
    shop = Shop()
    await shop.read("b")

    found = await shop.read("a", "b", "c", "a")

    assert found == {"a": b"2", "b": b"1", "c": b"2"}
    assert shop.source.asked == [("b",), ("a", "c")]


async def test_a_thousand_readers_of_one_expired_key_share_one_load():
    shop = Shop()
    await shop.read("a")
    shop.now += 50

    found = await asyncio.gather(*(shop.read("a") for _ in range(1_000)))

    assert found == [{"a": b"2"}] * 1_000
    assert len(shop.source.asked) == 2


async def test_readers_that_ask_for_overlapping_keys_share_what_is_under_way():
    shop = Shop()
    shop.source.may_answer.clear()

    one = asyncio.create_task(shop.read("a", "b"))
    two = asyncio.create_task(shop.read("b", "c"))
    await shop.settled()
    shop.source.may_answer.set()

    assert (await one, await two) == ({"a": b"1", "b": b"1"}, {"b": b"1", "c": b"2"})
    assert shop.source.asked == [("a", "b"), ("c",)]


async def test_what_is_stale_is_served_at_once_and_made_anew_meanwhile():
    shop = Shop()
    await shop.read("a", terms=PAGE)
    shop.now += 6
    shop.source.may_answer.clear()

    stale = [await shop.read("a", terms=PAGE) for _ in range(3)]
    shop.source.may_answer.set()
    await shop.settled()
    fresh = await shop.read("a", terms=PAGE)

    assert stale == [{"a": b"1"}] * 3
    assert fresh == {"a": b"2"}
    assert shop.served == ["made", "stale", "stale", "stale", "fresh"]


async def test_the_last_known_is_served_with_its_age_when_it_cannot_be_made_anew():
    shop = Shop()
    made_at = shop.now
    await shop.read("a")
    shop.now += 60
    shop.source.failure = ConnectionError("partner down")

    found = await shop.cache.read(["a", "b"], shop.source, QUOTE)

    assert {key: (entry.value, entry.made_at) for key, entry in found.items()} == {
        "a": (b"1", made_at)
    }
    assert shop.served[1:] == ["last_known", "nothing"]


async def test_nothing_is_served_for_ever():
    shop = Shop()
    await shop.read("a")
    shop.now += 106
    shop.source.failure = ConnectionError("partner down")

    assert await shop.read("a") == {}


async def test_what_failed_is_left_alone_a_while_if_something_is_known():
    shop = Shop()
    await shop.read("a")
    shop.now += 6
    shop.source.failure = ConnectionError("partner down")

    for _ in range(5):
        assert await shop.read("a") == {"a": b"1"}
    asked_while_failing = len(shop.source.asked)
    shop.source.failure = None
    shop.now += LEASE_SECONDS
    back = await shop.read("a")

    assert asked_while_failing == 2
    assert back == {"a": b"3"}


async def test_what_the_source_leaves_out_is_not_known():
    shop = Shop()
    shop.source.knows = lambda key: key == "a"

    assert await shop.read("a", "b") == {"a": b"1"}


async def test_a_reader_waits_only_as_long_as_it_has_patience():
    shop = Shop()
    impatient = Terms(QUOTE.lifetime, patience=0.01)
    await shop.read("a")
    shop.now += 60
    shop.source.may_answer.clear()

    old = await shop.read("a", "b", terms=impatient)
    shop.source.may_answer.set()
    await shop.settled()
    new = await shop.read("a", "b", terms=impatient)

    assert old == {"a": b"1"}
    assert new == {"a": b"2", "b": b"2"}
    assert len(shop.source.asked) == 2


async def test_a_reader_that_leaves_does_not_spoil_it_for_the_others():
    shop = Shop()
    shop.source.may_answer.clear()
    impatient = asyncio.create_task(shop.read("a"))
    patient = asyncio.create_task(shop.read("a"))
    await shop.settled()

    impatient.cancel()
    await shop.settled()
    shop.source.may_answer.set()

    assert await patient == {"a": b"1"}
    assert impatient.cancelled()


async def test_what_was_made_together_ends_apart():
    rolled = iter([0.0, 1.0] * 10)
    shop = Shop()
    shop.cache = TieredCache(shop.memory, clock=lambda: shop.now, dice=lambda: next(rolled))
    await shop.read("a", "b")
    shop.now += 4.5

    await shop.read("a", "b")

    assert shop.source.asked == [("a", "b"), ("b",)]


async def test_only_so_many_values_are_made_at_a_time_in_one_lane():
    shop = Shop(most_refreshes=3)
    slow = Terms(QUOTE.lifetime, lane="slow")
    shop.source.may_answer.clear()

    reading = [asyncio.create_task(shop.read(str(n), terms=slow)) for n in range(20)]
    await shop.settled()
    at_first = len(shop.source.asked)
    other = asyncio.create_task(shop.read("other", terms=Terms(QUOTE.lifetime, lane="other")))
    await shop.settled()
    with_other = len(shop.source.asked)
    shop.source.may_answer.set()
    found = await asyncio.gather(*reading, other)

    assert (at_first, with_other) == (3, 4)
    assert shop.source.most_at_a_time <= 4
    assert all(found)


async def test_an_entry_of_another_format_is_a_miss():
    shop = Shop()
    kept = to_bytes(Entry(b"from the future", shop.now, Lifetime(60)))
    await shop.memory.set("a", kept.replace(b"ME\x01", b"ME\x09"), ttl=60)

    assert await shop.read("a") == {"a": b"1"}


async def test_tags_forget_what_was_read():
    shop = Shop()
    tagged = Terms(QUOTE.lifetime, tags=("tokopedia",))
    await shop.read("a", terms=tagged)

    await shop.cache.delete_tagged("tokopedia")

    assert await shop.read("a", terms=tagged) == {"a": b"2"}


async def test_closing_ends_what_is_under_way():
    shop = Shop()
    shop.source.may_answer.clear()
    reading = asyncio.create_task(shop.cache.get_or_load("a", asyncio.Event().wait, ttl=5))
    await shop.settled()

    await shop.cache.close()

    with pytest.raises(asyncio.CancelledError):
        await reading
