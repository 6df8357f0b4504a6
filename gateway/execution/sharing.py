"""Finished answers to public questions, shared as long as nothing they are made of can change.

A wave opening asks the same few questions thousands of times a second.  Whoever asks for public
fields alone is answered like everybody else, however the question is written.  An answer is
named by the question and by the state of what it is made of, so that a new revision of the
catalogue (a course that is blocked) leaves the old ones behind at once; and it says until when it
holds, because clocks and seats move by themselves.
"""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import blake2b
from typing import Generic, TypeVar
from zlib import crc32

import msgspec

from gateway.cache.base import Cache
from gateway.execution.answers import VERSION, Answer, Make, Promise, Remake, State
from gateway.execution.at_hand import AtHand, Kept
from gateway.execution.at_once import WaitsError
from gateway.execution.flights import Flights
from gateway.execution.publicity import PublicQuestion
from gateway.execution.remembered import Remembered
from schema.lasting import Reads

MOVING_SECONDS = 1.0  # for what reads the clock or the seats
LASTING_SECONDS = 600.0  # for what stays until the state it is named by changes
_MOVING = Reads.CLOCK | Reads.SEATS
SPREAD = 0.2  # of those that may be missing
OUTSIDE_SECONDS = 60.0  # in a shared cache, which does not forget what a revision leaves behind
MOST_QUESTION_BYTES = 100_000  # a longer question is answered, but not shared
MOST_KNOWN = 2_500  # questions that are known to be public, in this process; 0.9 kB each

K = TypeVar("K")
MakeAndKeep = Callable[[], Awaitable[Kept]]


class _UnkeptError(Exception):
    """An answer that is for those who wait for it now, and for nobody later."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class SharedAnswers(Generic[K]):
    """Answers equal public questions with the same bytes.

    What is not at hand is looked for in `cache`, if processes share one, which has one make it for
    all.  `edition` names all that answers are made of and that only a new start changes.  Of each
    question that turned out to be public some knowledge is kept by the bytes that ask it, so
    that the next to send them need not be understood anew.  `on_given` hears how answers came of
    which the cache does not tell: fresh (they were at hand), made or taken.
    """

    def __init__(
        self,
        cache: Cache | None,
        state: State,
        at_hand: AtHand | None = None,
        *,
        edition: str = "",
        clock: Callable[[], float] = time.time,
        on_given: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._cache = cache
        self._state = state
        self._at_hand = AtHand() if at_hand is None else at_hand
        self._edition = edition
        self._clock = clock
        self._on_given = on_given
        self._flights = Flights[Kept]()
        self._known = Remembered[K](most=MOST_KNOWN, most_size=MOST_KNOWN)

    def digest(self, *parts: bytes) -> str | None:
        """Return what names a question as it was sent; None for one that is too long to share."""
        if sum(map(len, parts)) > MOST_QUESTION_BYTES:
            return None
        return blake2b(b"\0".join(parts), digest_size=20).hexdigest()

    def known(self, digest: str | None) -> K | None:
        """Return what is known of a public question, or None."""
        return self._known.get(digest) if digest else None

    def learn(self, digest: str, knowledge: K) -> None:
        """Remember that a question is public."""
        self._known.keep(digest, knowledge, 1)

    async def answer(
        self,
        question: PublicQuestion,
        make: Make,
        remake: Remake | None = None,
        *,
        again: bool = False,
    ) -> tuple[Answer, Kept | None]:
        """Return the answer that is shared, else make it for all who ask meanwhile.

        `remake` makes it another time, without this request; `again` says that it was asked for
        before.  What is kept may be given again without asking here as long as its promise holds.
        """
        key = self._key(question)
        if kept := self._given(key):
            self._on_given("fresh")
            return kept.answer, kept
        promise = self._promise(question)
        name = _name(promise, key)
        keep = partial(self._keep, key, promise, question, remake or Remake(make, 0), again)

        async def make_and_keep() -> Kept:
            began = time.thread_time()
            made = await make()
            if made.codes:  # it may be otherwise next time, and errors tell their lines
                raise _UnkeptError(made)
            kept = keep(Answer(made.status, made.body, until=promise.until))
            kept.seconds = time.thread_time() - began
            return kept

        try:
            if self._cache is None:
                kept = await self._made_here(name, make_and_keep)
            else:
                kept = await self._loaded(self._cache, name, make_and_keep, promise, keep)
        except _UnkeptError as exc:
            return exc.answer, None
        if kept is None:
            return await make(), None
        return kept.answer, kept

    def find_at_once(
        self, question: PublicQuestion, make: Callable[[], Answer], remake: Remake
    ) -> Kept | Answer:
        """Do as `answer`, with what is made at once, so that nobody waits for it meanwhile.

        An answer that is not kept is for who asks now.  Raises `WaitsError` where others have to
        be waited for.
        """
        key = self._key(question)
        if kept := self._given(key):
            self._on_given("fresh")
            return kept
        promise = self._promise(question)
        if self._cache is not None or self._flights.is_under_way(_name(promise, key)):
            raise WaitsError
        began = time.thread_time()
        made = make()
        if made.codes:
            return made
        answer = Answer(made.status, made.body, until=promise.until)
        kept = self._keep(key, promise, question, remake, again=False, answer=answer)
        kept.seconds = time.thread_time() - began
        self._on_given("made")
        return kept

    def _keep(
        self,
        key: str,
        promise: Promise,
        question: PublicQuestion,
        remake: Remake,
        again: bool,  # noqa: FBT001 - all but the answer is told beforehand
        answer: Answer,
    ) -> Kept:
        if (others := self._given(key)) and others.tag == answer.tag:
            return others  # it was kept by who asked first
        until = min(answer.until, promise.until)  # another machine's clock may be ahead
        renew = partial(self.answer, question, remake.make, remake, again=True)
        kept = Kept(self._at_hand, key, answer, promise.ending(until), renew, remake.size)
        self._at_hand.keep(kept, again=again)
        return kept

    async def _made_here(self, name: str, make: MakeAndKeep) -> Kept:
        kept, is_ours = await self._flights.run(name, make)
        self._on_given("made" if is_ours else "taken")
        return kept

    async def _loaded(
        self,
        cache: Cache,
        name: str,
        make: MakeAndKeep,
        promise: Promise,
        keep: Callable[[Answer], Kept],
    ) -> Kept | None:
        """Return what any process has made for all; None if something else stands in its place."""
        made: Kept | None = None

        async def load() -> bytes:
            nonlocal made
            made = await make()
            return msgspec.msgpack.encode(made.answer)

        lasting = min(promise.until - self._clock(), OUTSIDE_SECONDS)
        loaded = await cache.get_or_load(name, load, lasting)
        try:
            return made or keep(msgspec.msgpack.decode(loaded, type=Answer))
        except msgspec.DecodeError:  # not ours, though under our key
            await cache.delete(name)
            return None

    def _key(self, question: PublicQuestion) -> str:
        return f"{self._edition}:{question.digest}"

    def _given(self, key: str) -> Kept | None:
        """Return what is at hand and still holds."""
        kept = self._at_hand.get(key)
        return kept if kept is not None and kept.promise.holds() else None

    def _promise(self, question: PublicQuestion) -> Promise:
        """Return what can be promised of an answer that is made now."""
        with_partners = bool(question.reads) and Reads.PARTNERS in question.reads
        name = self._state.name(with_partners=with_partners)
        until = self._clock() + _seconds_of(question)
        if with_partners:
            until = min(until, self._state.partners_hold_until())
        return Promise(self._state, name, with_partners, until, self._clock)


def _name(promise: Promise, key: str) -> str:
    """Return what names an answer wherever it is kept: what was asked, and the state it is of."""
    return f"answer:{VERSION}:{promise.name}:{key}"


def _seconds_of(question: PublicQuestion) -> float:
    """Return for how long an answer holds in the same state; of many made together each its own."""
    if question.reads and question.reads & _MOVING:
        return MOVING_SECONDS
    return LASTING_SECONDS * (1 - SPREAD * crc32(question.digest.encode()) / 2**32)
