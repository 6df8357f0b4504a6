"""Finished answers to public questions, shared for a second.

A wave opening asks the same few questions thousands of times a second.  Whoever asks for
public fields alone is answered like everybody else until the catalogue's revision or a partner's
state moves; a second bounds what the clock and the seat counts may change meanwhile.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Generic, TypeVar

import msgspec

from gateway.cache.base import Cache
from schema.errors import ErrorCode

LIFETIME_SECONDS = 1.0
MOST_QUESTION_BYTES = 100_000  # a longer question is answered, but not shared
MOST_KNOWN = 20_000  # questions that are known to be public, in this process
VERSION = 2  # of `Answer` as it stands in a shared cache
# What broke is told to those who wait for it now, and to nobody later.
_NEVER_KEPT = frozenset({ErrorCode.INTERNAL.value, ErrorCode.UNAVAILABLE.value})

K = TypeVar("K")


class Answer(msgspec.Struct, array_like=True, frozen=True):
    """A finished answer; it holds no value of one request."""

    status: int
    body: bytes
    codes: tuple[str, ...] = ()  # of its errors
    tag: str = ""  # its ETag: equal bodies have equal ones


Make = Callable[[], Awaitable[Answer]]


class _UnkeptError(Exception):
    """An answer that is for those who wait for it now, and for nobody later."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class SharedAnswers(Generic[K]):
    """Answers equal public questions with the same bytes.

    `epoch` names the state of all that public answers are made of; an answer is shared
    only under the epoch in which it was asked for.  Of each question that turned out to be
    public some `knowledge` is kept, so that the next to ask it need not be understood anew.
    """

    def __init__(self, cache: Cache, epoch: Callable[[], str]) -> None:
        self._cache = cache
        self._epoch = epoch
        self._known: OrderedDict[str, K] = OrderedDict()

    def digest(self, *parts: bytes) -> str | None:
        """Return what names a question in its form; None for one that is too long to share."""
        if sum(map(len, parts)) > MOST_QUESTION_BYTES:
            return None
        return blake2b(b"\0".join(parts), digest_size=20).hexdigest()

    def known(self, digest: str | None) -> K | None:
        """Return what is known of a public question, or None."""
        return self._known.get(digest) if digest else None

    def learn(self, digest: str, knowledge: K) -> None:
        """Remember that a question is public."""
        self._known[digest] = knowledge
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    async def answer(self, digest: str, make: Make) -> Answer:
        """Return the answer that is shared, else make it for all who ask meanwhile."""
        key = f"answer:{VERSION}:{self._epoch()}:{digest}"
        try:
            kept = await self._cache.get_or_load(key, lambda: _to_bytes(make), LIFETIME_SECONDS)
            return msgspec.msgpack.decode(kept, type=Answer)
        except _UnkeptError as exc:
            return exc.answer
        except msgspec.DecodeError:  # not ours, though under our key
            await self._cache.delete(key)
            return await make()


async def _to_bytes(make: Make) -> bytes:
    answer = await make()
    if not _NEVER_KEPT.isdisjoint(answer.codes):
        raise _UnkeptError(answer)
    return msgspec.msgpack.encode(answer)
