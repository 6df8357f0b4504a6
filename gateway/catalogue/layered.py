"""A mapping whose next revision costs what has changed, not what there is."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, Final, TypeVar, overload

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")

MOST = 16  # of so many keys one may lie on top; with more, the two layers become one


class _Gone:
    """Stands on top for what was removed."""


_GONE: Final = _Gone()


class Layered(MutableMapping[K, V]):
    """What has changed lately, on top of what is shared by many revisions and stays as it is."""

    __slots__ = ("_base", "_size", "_top")

    def __init__(self, base: Mapping[K, V] | None = None) -> None:
        """Begin with what is in `base`, which nobody may change any more."""
        self._base: Mapping[K, V] = {} if base is None else base
        self._top: dict[K, V | _Gone] = {}
        self._size = len(self._base)

    def next(self) -> "Layered[K, V]":
        """Return the same, to be changed: this one stays as it is."""
        if len(self._top) * MOST > len(self._base):
            return Layered(self._merged())
        other = Layered[K, V]()
        other._base, other._top, other._size = self._base, dict(self._top), self._size
        return other

    def _merged(self) -> dict[K, V]:
        """Return both layers as one; what a dict does by itself is many times as fast."""
        merged: dict[K, Any] = {**self._base, **self._top}
        for key in [key for key, value in self._top.items() if value is _GONE]:
            del merged[key]
        return merged

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, default: V | D, /) -> V | D: ...
    def get(self, key: K, default: V | D | None = None, /) -> V | D | None:
        """Return what is at `key`, or `default`."""
        found = self._top.get(key) if self._top else None
        if found is None:
            return self._base.get(key, default)
        return default if isinstance(found, _Gone) else found

    def __getitem__(self, key: K) -> V:
        found = self._top.get(key)
        if found is None:
            return self._base[key]
        if isinstance(found, _Gone):
            raise KeyError(key)
        return found

    def __setitem__(self, key: K, value: V) -> None:
        self._size += key not in self
        self._top[key] = value

    def __delitem__(self, key: K) -> None:
        if key not in self:
            raise KeyError(key)
        self._size -= 1
        if key in self._base:
            self._top[key] = _GONE
        else:
            del self._top[key]

    def __contains__(self, key: object) -> bool:
        found = self._top.get(key)  # type: ignore[arg-type]  # whatever it is, it may be asked
        return key in self._base if found is None else found is not _GONE

    def among(self, keys: Iterable[K]) -> set[K]:
        """Return those of many `keys` that are there: several times as fast as one by one."""
        there = self if self._top else self._base
        return set(filter(there.__contains__, keys))

    def __iter__(self) -> Iterator[K]:
        yield from (key for key in self._base if key not in self._top)
        yield from (key for key, value in self._top.items() if value is not _GONE)

    def __len__(self) -> int:
        return self._size
