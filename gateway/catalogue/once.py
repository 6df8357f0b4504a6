"""Values that very many rows have alike: made once of what tells them, and one object for all."""

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class Once(dict[K, T], Generic[K, T]):
    """Values by what tells them, each made when it is first met."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[K], T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, told: K) -> T:
        found = self[told] = self._make(told)
        return found
