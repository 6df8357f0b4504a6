"""Who shares a finished answer, and who never does."""

import asyncio
import math
from dataclasses import dataclass
from zlib import crc32

import pytest

from gateway.cache.memory import MemoryCache
from gateway.execution.answers import Answer, Remake
from gateway.execution.publicity import PublicQuestion
from gateway.execution.sharing import MOST_QUESTION_BYTES, SharedAnswers
from schema.lasting import ALL_AROUND, NOTHING_ELSE, Reads

pytestmark = pytest.mark.anyio


class Asked:
    """Counts how often an answer is made."""

    def __init__(self, *codes: str) -> None:
        self.times = 0
        self.codes = codes

    async def __call__(self) -> Answer:
        self.times += 1
        await asyncio.sleep(0)
        return Answer(200, str(self.times).encode(), self.codes)


@dataclass
class World:
    """What answers are made of, as a test has it."""

    revision: str = "1"
    partners: str = "1"
    until: float = math.inf

    def name(self, *, with_partners: bool) -> str:
        return f"{self.revision}.{self.partners}" if with_partners else self.revision

    def was_lately(self, name: str) -> bool:
        return name == "0"

    def partners_hold_until(self) -> float:
        return self.until


class Clock:
    """Stands until it is moved."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


ASKED = PublicQuestion("a")
LASTS = 600 * (1 - 0.2 * crc32(b"a") / 2**32)
OF_PARTNERS = PublicQuestion("b", Reads.PARTNERS)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cache(clock):
    return MemoryCache(clock=clock)


@pytest.fixture
def world():
    return World()


@pytest.fixture(params=["alone", "with-a-cache"])
def shared(request, cache, world, clock):
    others = None if request.param == "alone" else cache
    return SharedAnswers(others, world, clock=clock)


async def test_equal_questions_are_answered_once_with_the_same_bytes(shared):
    make = Asked()

    at_once = await asyncio.gather(*(shared.answer(ASKED, make) for _ in range(5)))
    later = await shared.answer(ASKED, make)

    assert make.times == 1
    assert {answer.body for answer, _ in (*at_once, later)} == {b"1"}


async def test_a_new_revision_is_seen_at_once(shared, world):
    make = Asked()
    _, kept = await shared.answer(ASKED, make)

    assert kept.promise.holds()
    world.revision = "2"
    assert not kept.promise.holds()
    await shared.answer(ASKED, make)
    assert make.times == 2


@pytest.mark.parametrize(("question", "times"), [(ASKED, 1), (OF_PARTNERS, 2)])
async def test_how_partners_stand_matters_where_it_is_asked(shared, world, question, times):
    make = Asked()

    await shared.answer(question, make)
    world.partners = "2"
    await shared.answer(question, make)

    assert make.times == times


@pytest.mark.parametrize(
    ("reads", "seconds"),
    [
        (NOTHING_ELSE, LASTS),
        (Reads.PARTNERS, LASTS),
        (Reads.CLOCK, 1.0),
        (Reads.SEATS, 1.0),
        (ALL_AROUND, 1.0),
    ],
)
async def test_an_answer_holds_as_long_as_nothing_it_reads_can_have_changed(
    shared, clock, reads, seconds
):
    make = Asked()
    _, kept = await shared.answer(PublicQuestion("a", reads), make)

    clock.now += seconds - 0.001
    assert kept.promise.holds()
    await shared.answer(PublicQuestion("a", reads), make)
    assert make.times == 1

    clock.now += 0.001
    assert not kept.promise.holds()
    await shared.answer(PublicQuestion("a", reads), make)
    assert make.times == 2


async def test_an_answer_about_partners_ends_when_the_next_list_is_too_old(shared, world, clock):
    world.until = clock.now + 7
    _, kept = await shared.answer(OF_PARTNERS, Asked())
    _, other = await shared.answer(ASKED, Asked())

    clock.now += 7
    assert (kept.promise.holds(), other.promise.holds()) == (False, True)


async def test_two_editions_share_nothing(cache, world, clock):
    make = Asked()
    for edition in ("old", "new"):
        shared = SharedAnswers(cache, world, edition=edition, clock=clock)
        await shared.answer(ASKED, make)

    assert make.times == 2


async def test_another_machines_clock_cannot_make_an_answer_last_longer(cache, world, clock):
    theirs = Clock()
    theirs.now = clock.now + 30
    await SharedAnswers(cache, world, clock=theirs).answer(ASKED, Asked())

    ours = SharedAnswers(cache, world, clock=clock)
    _, kept = await ours.answer(ASKED, Asked())

    assert kept.promise.until == clock.now + LASTS


@pytest.mark.parametrize("code", ["INTERNAL", "UNAVAILABLE", "BAD_USER_INPUT"])
async def test_what_went_wrong_is_told_to_those_who_wait_and_is_not_kept(shared, code):
    make = Asked(code)

    first = await asyncio.gather(shared.answer(ASKED, make), shared.answer(ASKED, make))
    await shared.answer(ASKED, make)

    assert first[0] == first[1]
    assert first[0][1] is None
    assert make.times == 2


async def test_garbage_in_the_cache_is_a_miss(cache, world, clock):
    make = Asked()
    one, other = (SharedAnswers(cache, world, clock=clock) for _ in range(2))
    await one.answer(ASKED, make)
    [key] = cache._entries
    await cache.set(key, b"garbage", ttl=60)

    answer, kept = await other.answer(ASKED, make)

    assert (answer.body, kept) == (b"2", None)


async def test_two_who_share_a_cache_make_an_answer_once(cache, world, clock):
    make = Asked()
    one, other = (SharedAnswers(cache, world, clock=clock) for _ in range(2))

    bodies = [(await each.answer(ASKED, make))[0].body for each in (one, other, one, other)]

    assert (bodies, make.times) == ([b"1"] * 4, 1)


async def test_what_was_made_together_ends_apart(shared, clock):
    kept = [(await shared.answer(PublicQuestion(str(n)), Asked()))[1] for n in range(100)]

    lasts = sorted(each.promise.until - clock.now for each in kept)
    assert 480 <= lasts[0] < 495
    assert 585 < lasts[-1] <= 600


async def test_who_goes_while_an_answer_is_made_leaves_it_to_another(world, clock):
    shared, go_on = SharedAnswers(None, world, clock=clock), asyncio.Event()

    async def make() -> Answer:
        await go_on.wait()
        return Answer(200, b"made")

    first, *others = (asyncio.create_task(shared.answer(ASKED, make)) for _ in range(3))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    go_on.set()

    assert [answer.body for answer, _ in await asyncio.gather(*others)] == [b"made"] * 2


async def test_an_answer_is_made_anew_in_its_place_without_who_asked(shared, world):
    make = Asked()
    remake = Asked()
    _, kept = await shared.answer(ASKED, make, Remake(remake, 9))

    world.revision = "2"
    await kept.renew()
    answer, renewed = await shared.answer(ASKED, make)

    assert (make.times, remake.times) == (1, 1)
    assert (answer, renewed.promise.holds()) == (renewed.answer, True)


def test_questions_differ_by_each_of_their_parts(shared):
    assert len({shared.digest(b"a", b"b"), shared.digest(b"ab"), shared.digest(b"a", b"c")}) == 3


def test_a_very_long_question_is_not_shared(shared):
    assert shared.digest(b"x" * (MOST_QUESTION_BYTES + 1)) is None


def test_what_is_learned_of_a_question_is_known(shared):
    shared.learn("a", "public")

    assert (shared.known("a"), shared.known("b"), shared.known(None)) == ("public", None, None)
