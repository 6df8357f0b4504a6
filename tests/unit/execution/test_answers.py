"""Who shares a finished answer, and who never does."""

import asyncio

import pytest

from gateway.cache.memory import MemoryCache
from gateway.execution.answers import MOST_QUESTION_BYTES, Answer, SharedAnswers

pytestmark = pytest.mark.anyio


class Asked:
    """Counts how often an answer is made."""

    def __init__(self, *codes: str) -> None:
        self.times = 0
        self.codes = codes

    async def __call__(self) -> Answer:
        self.times += 1
        await asyncio.sleep(0)
        return Answer(200, str(self.times).encode(), self.codes, tag=str(self.times))


@pytest.fixture
def cache():
    return MemoryCache()


@pytest.fixture
def shared(cache):
    return SharedAnswers(cache, lambda: "1.1")


async def test_equal_questions_are_answered_once_with_the_same_bytes(shared):
    make = Asked()

    at_once = await asyncio.gather(*(shared.answer("a", make) for _ in range(5)))
    later = await shared.answer("a", make)

    assert make.times == 1
    assert {*at_once, later} == {Answer(200, b"1", tag="1")}


async def test_a_new_revision_is_seen_at_once(cache):
    epochs = iter(["1.1", "2.1"])
    shared, make = SharedAnswers(cache, lambda: next(epochs)), Asked()

    for _ in range(2):
        await shared.answer("a", make)

    assert make.times == 2


async def test_what_broke_is_told_to_those_who_wait_and_is_not_kept(shared):
    make = Asked("INTERNAL")

    first = await asyncio.gather(shared.answer("a", make), shared.answer("a", make))
    await shared.answer("a", make)

    assert first[0] == first[1]
    assert make.times == 2


async def test_garbage_in_the_cache_is_a_miss(cache, shared):
    make = Asked()
    await shared.answer("a", make)
    [key] = cache._entries
    await cache.set(key, b"garbage", ttl=60)

    assert (await shared.answer("a", make)).body == b"2"


def test_questions_differ_by_each_of_their_parts(shared):
    assert len({shared.digest(b"a", b"b"), shared.digest(b"ab"), shared.digest(b"a", b"c")}) == 3


def test_a_very_long_question_is_not_shared(shared):
    assert shared.digest(b"x" * (MOST_QUESTION_BYTES + 1)) is None


def test_what_is_learned_of_a_question_is_known(shared):
    shared.learn("a", "public")

    assert (shared.known("a"), shared.known("b"), shared.known(None)) == ("public", None, None)
