"""Finished answers to public questions, shared as long as nothing they are made of can change.

A wave opening asks the same few questions thousands of times a second.  Whoever asks for public
fields alone is answered like everybody else, however the question is written.  An answer is
named by the question and by the state of what it is made of, so that a new revision of the
catalogue (a course that is blocked) leaves the old ones behind at once; and it says until when it
holds, because clocks and seats move by themselves.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from importlib.metadata import version
from typing import Generic, Protocol, TypeVar

import msgspec

from gateway.cache.base import Cache
from gateway.execution.publicity import PublicQuestion
from gateway.execution.remembered import Remembered
from gateway.web.etags import etag_of
from schema.lasting import Reads

MOVING_SECONDS = 1.0  # for what reads the clock or the seats
LASTING_SECONDS = 60.0  # for what stays until the state it is named by changes
MOST_QUESTION_BYTES = 100_000  # a longer question is answered, but not shared
MOST_KNOWN = 20_000  # questions that are known to be public, in this process
VERSION = 4  # of `Answer` as it stands in a shared cache

K = TypeVar("K")


class Answer(msgspec.Struct, array_like=True, frozen=True, dict=True):
    """A finished answer; it holds no value of one request."""

    status: int
    body: bytes
    codes: tuple[str, ...] = ()  # of its errors
    until: float = 0.0  # in seconds since the epoch; 0 if it is for now alone

    @cached_property
    def tag(self) -> str:
        """Its ETag: equal bodies have equal ones.  Made when it is wanted, as few want it."""
        return etag_of(self.body)


Make = Callable[[], Awaitable[Answer]]
MakeAtOnce = Callable[[], Answer | None]  # None if it cannot be


def to_edition(*parts: object) -> str:
    """Return the name of all that answers are made of and that only a new start changes."""
    told = "\0".join([version("mitra-gateway"), *map(repr, parts)])
    return blake2b(told.encode(), digest_size=6).hexdigest()


class State(Protocol):
    """What public answers are made of, as it stands in this process."""

    def name(self, *, with_partners: bool) -> str:
        """Return what changes with the catalogue, and if wanted with how any partner stands."""

    def was_lately(self, name: str) -> bool:
        """Return whether it had this name just before, and nothing that it showed has gone."""

    def partners_hold_until(self) -> float:
        """Return when partners will stand otherwise though nothing happens; it may be `inf`."""


@dataclass(frozen=True, slots=True)
class Promise:
    """As long as it holds, the same question is answered the same."""

    state: State
    name: str
    with_partners: bool
    until: float
    clock: Callable[[], float]

    def holds(self) -> bool:
        """Return whether nothing can have changed."""
        is_so = self.clock() < self.until
        return is_so and self.state.name(with_partners=self.with_partners) == self.name

    def is_tolerable(self) -> bool:
        """Return whether the answer may still be given while it is made anew."""
        return self.clock() < self.until and self.state.was_lately(self.name)


class _UnkeptError(Exception):
    """An answer that is for those who wait for it now, and for nobody later."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class SharedAnswers(Generic[K]):
    """Answers equal public questions with the same bytes.

    `edition` names all that answers are made of and that only a new start changes, for those that
    are kept outside; `is_alone` says that nothing is.  Of each question that turned out to be public some knowledge is kept
    by the bytes that ask it, so that the next to send them need not be understood anew.
    `on_read` hears as what an answer was given that was at hand, or made at once.
    """

    def __init__(
        self,
        cache: Cache,
        state: State,
        *,
        edition: str = "",
        is_alone: bool = False,
        clock: Callable[[], float] = time.time,
        on_read: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._is_alone = is_alone
        self._on_read = on_read
        self._cache = cache
        self._state = state
        self._edition = edition
        self._clock = clock
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
        self, question: PublicQuestion, make: Make, make_at_once: MakeAtOnce | None = None
    ) -> tuple[Answer, Promise | None]:
        """Return the answer that is shared, else make it for all who ask meanwhile.

        Where it can be made at once nobody can ask meanwhile, and nobody need wait for others.
        The promise says for how long it may be given again without asking here.
        """
        with_partners = Reads.PARTNERS in question.reads
        name = self._state.name(with_partners=with_partners)
        key = f"answer:{VERSION}:{self._edition}:{name}:{question.digest}"
        until = self._until(question.reads)

        if make_at_once is not None and self._is_alone:
            now = await self._at_once(key, make_at_once, until)
            if now is not None and now.codes:
                return now, None
            if now is not None:
                ends = min(now.until, until)
                return now, Promise(self._state, name, with_partners, ends, self._clock)

        async def load() -> bytes:
            answer = await make()
            if answer.codes:  # it may be otherwise next time, and errors tell their lines
                raise _UnkeptError(answer)
            return msgspec.msgpack.encode(msgspec.structs.replace(answer, until=until))

        try:
            kept = await self._cache.get_or_load(key, load, until - self._clock())
            answer = msgspec.msgpack.decode(kept, type=Answer)
        except _UnkeptError as exc:
            return exc.answer, None
        except msgspec.DecodeError:  # not ours, though under our key
            await self._cache.delete(key)
            return await make(), None
        ends = min(answer.until, until)  # another machine's clock may be ahead
        return answer, Promise(self._state, name, with_partners, ends, self._clock)

    async def _at_once(self, key: str, make: MakeAtOnce, until: float) -> Answer | None:
        """Return what this process has at hand or can make without waiting."""
        if kept := await self._cache.get(key):
            self._on_read("fresh")
            return msgspec.msgpack.decode(kept, type=Answer)
        answer = make()
        if answer is None or answer.codes:
            return answer
        self._on_read("made")
        answer = msgspec.structs.replace(answer, until=until)
        await self._cache.set(key, msgspec.msgpack.encode(answer), until - self._clock())
        return answer

    def _until(self, reads: Reads) -> float:
        """Return until when an answer that is made now holds."""
        moves = reads & (Reads.CLOCK | Reads.SEATS)
        until = self._clock() + (MOVING_SECONDS if moves else LASTING_SECONDS)
        if Reads.PARTNERS in reads:
            return min(until, self._state.partners_hold_until())
        return until
