"""Long postings of a kept search index, read once when it is made and kept beside it.

Where a common word stands is tens of thousands of slots.  From this file they are there at once, in
memory that all processes of a machine share.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from gateway.catalogue.texts import STEMMED, WRITTEN, Base, Name, Slots
from gateway.catalogue.words import stem

LONG = 1_000  # documents of a posting that is worth keeping
FILE = "postings.slots"

Posting = tuple[str, str, int]  # its field, its word, and how long it is


def write_postings(folder: Path, base: Base, uses: Mapping[str, int]) -> list[Posting]:
    """Write the long postings of `base`, one after the other; return which these are.

    `uses` tells how many documents use each word.
    """
    kept: list[Posting] = []
    with (folder / FILE).open("wb") as file:
        for field, word in _common(uses):
            if base.count(field, [word]) >= LONG:
                slots = base.holding(field, [word])
                file.write(slots.astype("<i4").tobytes())
                kept.append((field, word, len(slots)))
    return kept


def open_postings(folder: Path, kept: Sequence[Posting]) -> Mapping[Name, Slots]:
    """Return the postings that `write_postings` wrote.  Raises `OSError` and `ValueError`."""
    if not kept:
        return {}
    every = np.asarray(np.memmap(folder / FILE, "<i4", mode="r"))
    ends = np.cumsum([length for *_, length in kept])
    parts = np.split(every, ends)[:-1]
    return {(field, word): slots for (field, word, _), slots in zip(kept, parts, strict=True)}


def _common(uses: Mapping[str, int]) -> Iterator[Name]:
    """Yield the postings that may be long: those of common roots, and of common words."""
    of_roots = Counter[str]()
    for word, documents in uses.items():
        of_roots[stem(word)] += documents
    for root, documents in of_roots.items():
        if documents >= LONG:
            yield from ((field, root) for field in STEMMED)
    yield from ((WRITTEN, word) for word, documents in uses.items() if documents >= LONG)
