"""Answers at hand: in this process one copy of each body, whoever asks for it in whatever form.

They stand under what was asked, not under the state that they are of, so that a new one takes
the place of the one before.  What was asked for once has what room is left, and little when it is
full: what nobody asks again pushes out nothing of what is asked all the time.

Of what is asked again a part of the room holds bodies as they are.  Those that were not asked for
so for longest are packed, which takes a third of the bytes: as clients get it who can unpack, and
unpacked for who cannot.  What is unpacked twice in a while stays so: else what is asked once in a
while would push out what is asked all the time.  Nothing is packed that nobody asks again.
"""

from collections.abc import Awaitable, Callable

from gateway.execution.answers import Answer, Promise
from gateway.execution.etags import etag_of
from gateway.execution.packing import LONGEST_AT_ONCE, Encoding, is_small, pack_at_once, unpack
from gateway.execution.remembered import Remembered

ANSWERS_BYTES = 22 * 2**20
PLAIN = ""  # a body that is not packed
_NEW_ONES = 16  # one part in so many of the room is left to what was asked for once
_PLAIN_ONES = 4  # and one in so many to bodies as they are, of what is asked again
_WHILE = 300  # unpackings
_MOST = 100_000  # more than there is room for
_OVERHEAD = 1_600  # bytes of bookkeeping per answer, roughly

Renew = Callable[[], Awaitable[tuple[Answer, "Kept | None"]]]


class Kept:
    """An answer at hand, packed in as many ways as were asked for.

    `renew` makes it anew, and keeps that in its place; it holds `weight` bytes.  Making this one
    took `seconds`.
    """

    __slots__ = (
        "_at_hand", "_tag", "bodies", "is_small", "key", "promise", "renew", "seconds", "status",
        "unpacked", "until", "weight",
    )  # fmt: skip

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
        self._tag: str | None = None
        self.key = key
        self.status, self.until = answer.status, answer.until
        # Encoders leave room for more behind what they return, nearly as much again: this is exact.
        self.bodies: dict[str, bytes] = {PLAIN: bytes(memoryview(answer.body))}
        self.is_small = is_small(answer.body)  # so that it is better not packed
        self.promise = promise
        self.renew = renew
        self.weight = weight
        self.seconds = 0.0
        self.unpacked = -_WHILE  # when it was the last time, counted in unpackings

    @property
    def answer(self) -> Answer:
        """The answer as it is, which stays so: its body may be asked for by that very object."""
        return Answer(self.status, self._asked_plain(stays=True), until=self.until)

    @property
    def tag(self) -> str:
        """Its ETag; made when it is wanted."""
        if self._tag is None:
            self._tag = etag_of(self._read())
        return self._tag

    @property
    def size(self) -> int:
        """Bytes that it takes, roughly."""
        return _OVERHEAD + self.weight + sum(map(len, self.bodies.values()))

    @property
    def plain_size(self) -> int:
        """Bytes that it takes less once it is folded; 0 if it cannot be."""
        size = len(self.bodies.get(PLAIN, b""))
        return 0 if self.is_small or size > LONGEST_AT_ONCE else size

    def body(self, packing: str) -> bytes | None:
        """Return the body in a form that is asked for; None if nobody has packed it so."""
        return self.bodies.get(packing) if packing else self._asked_plain()

    def take_over(self, former: "Kept | None") -> None:
        """Use the bodies of the one before, if it says the same."""
        if former is not None and former.tag == self.tag:
            self.bodies = former.bodies

    def pack(self, packing: str, body: bytes) -> None:
        """Keep the body packed, too."""
        self.bodies[packing] = body
        self._at_hand.weigh(self)

    def packing_of(self, body: bytes) -> str | None:
        """Return how this very body is packed; None for one that is not kept here."""
        return next((name for name, kept in self.bodies.items() if kept is body), None)

    def fold(self) -> None:
        """Keep the body packed alone; this takes some 50 µs if nobody has asked for it so."""
        plain = self.bodies.pop(PLAIN)
        if not self.bodies:
            self.bodies[Encoding.ZSTD] = pack_at_once(plain, Encoding.ZSTD)

    def _asked_plain(self, *, stays: bool = False) -> bytes:
        plain = self.bodies.get(PLAIN)
        if plain is not None:
            self._at_hand.used_plain(self.key)
            return plain
        plain = self._read()
        if self._at_hand.is_unpacked_again(self) or stays:
            self.bodies[PLAIN] = plain
            self._at_hand.unfolded(self)
        return plain

    def _read(self) -> bytes:
        """Return the body as it is; unpacking takes some 20 µs."""
        if (plain := self.bodies.get(PLAIN)) is not None:
            return plain
        packing, packed = next(iter(self.bodies.items()))
        return unpack(packed, Encoding(packing))


class AtHand:
    """The answers at hand, bounded by bytes."""

    def __init__(self, most_size: int = ANSWERS_BYTES) -> None:
        self._most_size = most_size
        self._new = Remembered[Kept](most=_MOST)
        self._asked_again = Remembered[Kept](most=_MOST)
        self._plain = Remembered[Kept](most=_MOST)  # those of the latter that are not folded
        self._unpackings = 0

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
            self._keep_asked(kept)
        return kept

    def keep(self, kept: Kept, *, again: bool) -> None:
        """Keep an answer in the place of the one before; `again` says it was asked for before.

        One that is larger than all may be together is not kept, and costs no other its place.
        """
        was_new, was_old = self._new.forget(kept.key), self._asked_again.forget(kept.key)
        self._plain.forget(kept.key)
        kept.take_over(was_old or was_new)
        if kept.size > self._most_size:
            return
        if again or was_old is not None:
            self._keep_asked(kept)
        else:
            self._new.keep(kept.key, kept, kept.size)
        self._make_room()

    def weigh(self, kept: Kept) -> None:
        """Note that an answer has grown, or the one that has its bodies now."""
        for room in (self._new, self._asked_again):
            standing = room.get(kept.key)
            if standing is not None and standing.bodies is kept.bodies:
                room.weigh(kept.key, standing.size)
        self._make_room()

    def used_plain(self, key: str) -> None:
        """Note that a body was asked for as it is."""
        self._plain.get(key)

    def is_unpacked_again(self, kept: Kept) -> bool:
        """Count an unpacking, and return whether it is this answer's second in a while."""
        self._unpackings += 1
        last, kept.unpacked = kept.unpacked, self._unpackings
        return kept.unpacked - last <= _WHILE

    def unfolded(self, kept: Kept) -> None:
        """Note that a body is there as it is, too."""
        standing = self._asked_again.get(kept.key)
        if standing is not None and standing.bodies is kept.bodies:
            self._keep_asked(standing)
            self._make_room()

    def _keep_asked(self, kept: Kept) -> None:
        self._asked_again.keep(kept.key, kept, kept.size)
        if size := kept.plain_size:
            self._plain.keep(kept.key, kept, size)
        while self._plain.size > self._most_size // _PLAIN_ONES:
            folded = self._plain.forget_oldest()
            folded.fold()
            self._asked_again.weigh(folded.key, folded.size)

    def _make_room(self) -> None:
        while self.size > self._most_size:
            if self._new.size > self._most_size // _NEW_ONES:
                self._new.forget_oldest()
            else:
                self._plain.forget(self._asked_again.forget_oldest().key)
