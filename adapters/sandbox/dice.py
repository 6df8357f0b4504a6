"""Dice that always fall the same way: each question of the generator has its own."""

from random import Random


def dice(*question: object) -> Random:
    """Return a generator seeded by `question` alone, whatever was asked before.

    A text seed is hashed by SHA-512, so the order of falls does not depend on the process.
    """
    return Random("|".join(map(str, question)))  # noqa: S311  # made to be foreseen; no secret
