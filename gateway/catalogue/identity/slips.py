"""Typing slips: where two spellings differ by a letter or two, and how.  Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class SlipKind(StrEnum):
    """What happened to a letter."""

    SWAPPED = "SWAPPED"  # with its neighbour
    DOUBLED = "DOUBLED"
    LOST = "LOST"
    REPLACED = "REPLACED"


@dataclass(frozen=True, slots=True)
class Slip:
    """One slip, at the letter `left` of one spelling and `right` of the other.

    `is_right_longer` tells which of the two has the letter that the other lacks.
    """

    kind: SlipKind
    left: int
    right: int
    is_right_longer: bool = False


def find_slips(left: str, right: str, most: int = 2) -> tuple[Slip, ...] | None:
    """Return the fewest slips between two spellings; None if there are more than `most`."""
    for allowed in range(abs(len(left) - len(right)), most + 1):
        found = _walk(left, right, (0, 0), allowed)
        if found is not None:
            return found
    return None


def _walk(left: str, right: str, at: tuple[int, int], allowed: int) -> tuple[Slip, ...] | None:
    i, j = at
    while i < len(left) and j < len(right) and left[i] == right[j]:
        i, j = i + 1, j + 1
    if i == len(left) and j == len(right):
        return ()
    if abs((len(left) - i) - (len(right) - j)) > allowed or not allowed:
        return None
    for kind, ahead_left, ahead_right in _steps(left, right, i, j):
        rest = _walk(left, right, (i + ahead_left, j + ahead_right), allowed - 1)
        if rest is not None:
            return (Slip(kind, i, j, ahead_right > ahead_left), *rest)
    return None


def _steps(left: str, right: str, i: int, j: int) -> Iterator[tuple[SlipKind, int, int]]:
    """Yield what may have happened here, and how many letters of each side it takes up."""
    a, b = left[i : i + 2], right[j : j + 2]
    if len(a) == len(b) == 2 and a == b[::-1]:  # noqa: PLR2004 - a pair of letters
        yield SlipKind.SWAPPED, 2, 2
    if a:
        yield _surplus(left, i), 1, 0
    if b:
        yield _surplus(right, j), 0, 1
    if a and b:
        yield SlipKind.REPLACED, 1, 1


def _surplus(text: str, at: int) -> SlipKind:
    return SlipKind.DOUBLED if at and text[at] == text[at - 1] else SlipKind.LOST
