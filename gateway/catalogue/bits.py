"""Sets of courses as whole numbers: bit n stands for course n.

"And" of two filters is `&`, counting is `bit_count`: both take microseconds for 100,000
courses, so every facet can be counted for every question.
"""

from collections.abc import Iterable, Iterator


def to_mask(ordinals: Iterable[int], size: int) -> int:
    """Return the set of `ordinals`, all below `size`."""
    found = bytearray(size // 8 + 1)
    for ordinal in ordinals:
        found[ordinal >> 3] |= 1 << (ordinal & 7)
    return int.from_bytes(found, "little")


def to_flags(mask: int, size: int) -> str:
    """Return `mask` as a string with "1" at every member: for asking one after the other."""
    return format(mask, f"0{size}b")[::-1]


def members(mask: int) -> Iterator[int]:
    """Return the ordinals of `mask`, ascending."""
    flags = to_flags(mask, 1)
    at = flags.find("1")
    while at >= 0:
        yield at
        at = flags.find("1", at + 1)
