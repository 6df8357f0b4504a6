"""Answers at hand: in this process one copy of each body, whoever asks for it in whatever form.

They stand under what was asked, not under the state that they are of, so that a new one takes
the place of the one before.  What was asked for once has what room is left, and little when it is
full: what nobody asks again pushes out nothing of what is asked all the time.
"""

from collections.abc import Awaitable, Callable

from msgspec import structs

from gateway.execution.answers import Answer, Promise
from gateway.execution.remembered import Remembered

ANSWERS_BYTES = 46 * 2**20
PLAIN = ""  # a body that is not packed
_NEW_ONES = 16  # one part in so many of the room is left to what was asked for once
_MOST = 20_000
_OVERHEAD = 2_000  # bytes of bookkeeping per answer, roughly

Renew = Callable[[], Awaitable[tuple[Answer, "Kept | None"]]]


class Kept:
    """An answer at hand, packed in as many ways as were asked for.

    `renew` makes it anew, and keeps that in its place; it holds `weight` bytes.  Making this one
    took `seconds`.
    """

    __slots__ = ("_at_hand", "answer", "bodies", "key", "promise", "renew", "seconds", "weight")

    def __init__(
        self,
        at_hand: "AtHand",
        key: str,
        answer: Answer,
        promise: Promise,
        renew: Renew,
        weight: int,
    ) -> None:
        self._at_hand = at_hand
        self.key = key
        # Encoders leave room for more behind what they return, nearly as much again: this is exact.
        self.answer = structs.replace(answer, body=bytes(memoryview(answer.body)))
        self.promise = promise
        self.renew = renew
        self.weight = weight
        self.seconds = 0.0
        self.bodies: dict[str, bytes] = {PLAIN: self.answer.body}

    @property
    def size(self) -> int:
        """Bytes that it takes, roughly."""
        return _OVERHEAD + self.weight + sum(map(len, self.bodies.values()))

    def take_over(self, former: "Kept | None") -> None:
        """Use the bodies of the one before, if it says the same."""
        if former is not None and former.answer.tag == self.answer.tag != "":
            self.answer, self.bodies = former.answer, former.bodies

    def pack(self, packing: str, body: bytes) -> None:
        """Keep the body packed, too."""
        self.bodies[packing] = body
        self._at_hand.weigh(self)

    def packing_of(self, body: bytes) -> str | None:
        """Return how this very body is packed; None for one that is not kept here."""
        return next((name for name, kept in self.bodies.items() if kept is body), None)


class AtHand:
    """The answers at hand, bounded by bytes."""

    def __init__(self, most_size: int = ANSWERS_BYTES) -> None:
        self._most_size = most_size
        self._new = Remembered[Kept](most=_MOST, most_size=most_size)
        self._asked_again = Remembered[Kept](most=_MOST, most_size=most_size)

    def __len__(self) -> int:
        return len(self._new) + len(self._asked_again)

    @property
    def size(self) -> int:
        """Bytes held, roughly."""
        return self._new.size + self._asked_again.size

    def get(self, key: str) -> Kept | None:
        """Return the answer to what is asked again, whether its promise holds or not."""
        kept = self._asked_again.get(key)
        if kept is None and (kept := self._new.forget(key)) is not None:
            self._asked_again.keep(key, kept, kept.size)
        return kept

    def keep(self, kept: Kept, *, again: bool) -> None:
        """Keep an answer in the place of the one before; `again` says it was asked for before."""
        was_new, was_old = self._new.forget(kept.key), self._asked_again.get(kept.key)
        kept.take_over(was_old or was_new)
        was_asked = again or was_old is not None
        room = self._asked_again if was_asked else self._new
        room.keep(kept.key, kept, kept.size)
        self._make_room()

    def weigh(self, kept: Kept) -> None:
        """Note that an answer has grown."""
        for room in (self._new, self._asked_again):
            if room.get(kept.key) is kept:
                room.keep(kept.key, kept, kept.size)
        self._make_room()

    def _make_room(self) -> None:
        while self.size > self._most_size:
            is_full_of_new = self._new.size > self._most_size // _NEW_ONES
            (self._new if is_full_of_new else self._asked_again).forget_oldest()
