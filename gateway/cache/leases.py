"""Whose turn it is to make a value anew, of all processes."""

from dataclasses import dataclass
from enum import Enum, auto


class Turn(Enum):
    """Who makes a value anew."""

    OURS = auto()
    THEIRS = auto()
    FAILED = auto()  # another process has just tried in vain


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose turn it is to make a value, and what stands under its key all the while."""

    turn: Turn
    kept: bytes | None = None
