"""Memories that are bounded: by what was used last, or by what is there anyway."""

from collections import OrderedDict
from collections.abc import Hashable
from math import inf
from typing import Generic, TypeVar
from weakref import ref

T = TypeVar("T")


class Remembered(Generic[T]):
    """Values by key, bounded by their number and by the sum of their sizes."""

    def __init__(self, *, most: int, most_size: float = inf) -> None:
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
        """Keep a value, and forget others that have not been used for longest.

        One that is larger than all may be together is not kept, and costs no other its place.
        """
        self.forget(key)
        if size > self._most_size:
            return
        self._size += size
        self._kept[key] = (value, size)
        while len(self._kept) > self._most or self._size > self._most_size:
            self.forget_oldest()

    def forget(self, key: Hashable) -> T | None:
        """Keep it no longer; return what was kept, or None."""
        value, size = self._kept.pop(key, (None, 0))
        self._size -= size
        return value

    def forget_oldest(self) -> T:
        """Forget what has not been used for longest, and return it."""
        _, (value, size) = self._kept.popitem(last=False)
        self._size -= size
        return value

    def weigh(self, key: Hashable, size: int) -> None:
        """Note that what is kept has another size now; that is no use of it."""
        if found := self._kept.get(key):
            self._kept[key] = (found[0], size)
            self._size += size - found[1]


class Beside(Generic[T]):
    """Values by the very object that they are about, for as long as it is there."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[ref[object], T]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, about: object) -> T | None:
        """Return what is kept beside `about`, or None."""
        found = self._kept.get(id(about))
        return None if found is None else found[1]

    def keep(self, about: object, value: T) -> None:
        """Keep a value, which must not lead to `about` itself."""
        kept, key = self._kept, id(about)
        kept[key] = ref(about, lambda _: kept.pop(key, None)), value
