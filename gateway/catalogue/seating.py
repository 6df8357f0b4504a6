"""Where the courses of a catalogue that is loaded sit: as in the kept search index, if any.

A course keeps its slot for as long as a process runs, and the index knows courses by slots.
"""

from collections.abc import Iterator, Sequence

from gateway.catalogue.documents import Document
from gateway.catalogue.entries import Entry, to_document
from gateway.catalogue.index import SearchIndex
from gateway.catalogue.shelf import Kept, Shelf

Seats = list[Entry | None]


def to_seats(live: Sequence[Entry], shelf: Shelf | None) -> tuple[Seats, SearchIndex]:
    """Return the slots of `live` courses, and their index: opened from `shelf`, or built."""
    kept = shelf.open() if shelf and live else None
    if kept is not None:
        seats = _as_kept(live, kept)
        index = SearchIndex.opened(kept, _documents(seats))
        if index is not None:
            return seats, index
    courses = [entry.course.id for entry in live]
    kept = shelf.build(lambda: _documents(live), courses) if shelf and live else None
    index = SearchIndex.opened(kept) if kept is not None else None
    return [*live], index or SearchIndex(_documents(live))


def _as_kept(live: Sequence[Entry], kept: Kept) -> Seats:
    seats: Seats = [None] * len(kept.seats)
    new: list[Entry] = []
    for entry in live:
        slot = kept.seats.get(entry.course.id)
        if slot is None:
            new.append(entry)
        else:
            seats[slot] = entry
    free = [slot for slot, entry in enumerate(seats) if entry is None] if new else []
    for slot, entry in zip(free, new, strict=False):
        seats[slot] = entry
    return seats + new[len(free) :]


def _documents(seats: Sequence[Entry | None]) -> Iterator[tuple[int, Document]]:
    return ((slot, to_document(entry)) for slot, entry in enumerate(seats) if entry)
