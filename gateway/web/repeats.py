"""What may be asked again: how it was answered, and which bytes ask it."""

from gateway.execution.at_hand import AtHand, Kept
from gateway.execution.remembered import Remembered
from gateway.web.asked import Asked, size_of
from gateway.web.finished import Finished

HEADS_BYTES = 8 * 2**20
SENT_BYTES = 8 * 2**20
_MOST = 20_000
_OVERHEAD = 900  # bytes of bookkeeping per answer, roughly

Found = tuple[Finished, Kept]  # how an answer was sent, and the newest at hand


class Repeats:
    """Finds what is `at_hand` for who asks the same, or sends the same bytes."""

    def __init__(self, at_hand: AtHand) -> None:
        self._at_hand = at_hand
        self._finished = Remembered[Finished](most=_MOST, most_size=HEADS_BYTES)
        self._sent = Remembered[Asked](most=_MOST, most_size=SENT_BYTES)

    @property
    def size(self) -> int:
        """Bytes of what is kept, roughly."""
        return self._at_hand.size + self._finished.size + self._sent.size

    def find(self, asked: Asked) -> Found | None:
        """Return what answers a question, whether its promise holds or not."""
        finished = self._finished.get(asked)
        kept = self._at_hand.get(finished.key) if finished is not None else None
        return None if finished is None or kept is None else (finished, kept)

    def find_sent(self, sent: bytes) -> Found | None:
        """Return what answers the very bytes that were sent."""
        asked = self._sent.get(sent)
        return None if asked is None else self.find(asked)

    def keep(self, asked: Asked, finished: Finished) -> None:
        """Remember how a question was answered."""
        size = _OVERHEAD + size_of(asked) + len(finished.sending.head)
        self._finished.keep(asked, finished, size)

    def keep_sent(self, sent: bytes, asked: Asked) -> None:
        """Remember what the bytes of a request ask."""
        self._sent.keep(sent, asked, _OVERHEAD + len(sent) + size_of(asked))
