"""A bounded memory: what was used last stays."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """Values by key, bounded by their number and by the sum of their sizes."""

    def __init__(self, *, most: int, most_size: int) -> None:
        self._most = most
        self._most_size = most_size
        self._kept: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size(self) -> int:
        """The sum of the sizes of what is kept."""
        return self._size

    def get(self, key: Hashable) -> T | None:
        """Return what is kept under `key`, or None."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def keep(self, key: Hashable, value: T, size: int) -> None:
        """Keep a value, and forget others that have not been used for longest."""
        self._size += size - self._kept.get(key, (None, 0))[1]
        self._kept[key] = (value, size)
        self._kept.move_to_end(key)
        while len(self._kept) > self._most or self._size > self._most_size:
            _, (_, forgotten) = self._kept.popitem(last=False)
            self._size -= forgotten
