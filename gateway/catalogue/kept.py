"""Ranked lists of revisions that have passed, for those who are still paging through them."""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from gateway.catalogue.orders import Relevance

GIVEN_AGAIN_FOR = timedelta(minutes=10)  # a finished page, at most: nobody asks for its list then
KEPT_FOR = GIVEN_AGAIN_FOR + timedelta(minutes=2)  # since a page of the list was last made
MOST_LISTS = 32

ListName = tuple[int, str]  # the revision and the words that were looked for


class KeptLists:
    """The lists that were shown lately; the oldest goes first when there are too many."""

    def __init__(self, *, most: int = MOST_LISTS) -> None:
        self._most = most
        self._lists: OrderedDict[ListName, tuple[datetime, Relevance]] = OrderedDict()
        self._lock = Lock()

    def keep(self, name: ListName, ranked: Relevance, now: datetime) -> None:
        """Keep a list of which a page is being made."""
        with self._lock:
            self._lists[name] = (now + KEPT_FOR, ranked)
            self._lists.move_to_end(name)
            oldest = next(iter(self._lists))
            while len(self._lists) > self._most or self._lists[oldest][0] < now:
                del self._lists[oldest]
                oldest = next(iter(self._lists))

    def find(self, name: ListName, now: datetime) -> Relevance | None:
        """Return a list that is still kept, or None."""
        with self._lock:
            until, ranked = self._lists.get(name, (None, None))
        return ranked if until is not None and now <= until else None
