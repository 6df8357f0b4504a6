"""The texts of the catalogue's courses in tantivy, by slot.

A *base* is read from a folder and never changes; what has changed since is in memory, in an
index with one writer, and hides the base's documents of the same slots.  Without a base all is
in memory.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tantivy

from gateway.catalogue.words import stem, subject

Slots = npt.NDArray[np.int32]
Spelled = Mapping[str, Sequence[str]]  # the words of each text
Name = tuple[str, str]  # of a posting: a field, and the root (in `exact` the word) that it has
STEMMED = ("subject", "title", "institution", "topic", "summary")
WRITTEN = "exact"  # the title's words as they are written
_HEAP = 30_000_000  # bytes that tantivy gathers before it writes a segment
# Slots that are read at once: some 1.5 ms in which no other thread of this process gets on, for
# tantivy gives each hit as an object of Python.  A hundred thousand at once take 20 to 40.
_PIECE = 8_192
NOWHERE: Slots = np.empty(0, np.int32)


def _to_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("slot", indexed=True, fast=True)
    for field in (*STEMMED, WRITTEN):
        option = "position" if field == "title" else "basic"
        builder.add_text_field(field, tokenizer_name="whitespace", index_option=option)
    return builder.build()


_SCHEMA = _to_schema()


@dataclass(frozen=True, slots=True)
class Base:
    """Texts that were written into a folder: slots below `size`, and postings read beforehand."""

    searcher: tantivy.Searcher
    size: int
    known: Mapping[Name, Slots]

    def count(self, of: str, stems: Sequence[str]) -> int:
        """Return how many documents have `stems` in a field: who has several counts for each."""
        return _count(self.searcher, of, stems)

    def holding(self, of: str, stems: Sequence[str]) -> Slots:
        """Return the slots whose field has any of `stems`, ascending."""
        known = [self.known[of, each] for each in stems if (of, each) in self.known]
        others = [each for each in stems if (of, each) not in self.known]
        read = _holding(self.searcher, of, others, self.size)
        parts = [part for part in (*known, read) if len(part)]
        if len(parts) <= 1:
            return parts[0] if parts else NOWHERE
        return np.unique(np.concatenate(parts))


@dataclass(frozen=True, slots=True)
class Searcher:
    """The texts as of one revision."""

    changes: tantivy.Searcher
    size: int  # no change has a slot so high
    base: Base | None
    hidden: npt.NDArray[np.bool_]  # by slot, where the base is not what stands

    def holding(self, of: str, stems: Sequence[str]) -> Slots:
        """Return the slots whose field has any of `stems`, ascending."""
        changed = _holding(self.changes, of, stems, self.size)
        return self._both(changed, self.base.holding(of, stems) if self.base else NOWHERE)

    def phrase(self, stems: Sequence[str]) -> Slots:
        """Return the slots whose title has `stems` one after the other."""
        changed = _phrase(self.changes, stems, self.size)
        based = _phrase(self.base.searcher, stems, self.base.size) if self.base else NOWHERE
        return self._both(changed, based)

    def _both(self, changed: Slots, based: Slots) -> Slots:
        standing = based[~self.hidden[based]] if self.hidden.any() else based
        if not len(changed):
            return standing
        return np.sort(np.concatenate([standing, changed])) if len(standing) else changed


class Texts:
    """The texts and their one writer; `committed` tells what is there now."""

    def __init__(self, base: Base | None = None) -> None:
        """Begin with `base`, or with nothing."""
        self._index = tantivy.Index(_SCHEMA)
        self._writer: tantivy.IndexWriter | None = None
        self._base = base
        self._hidden: npt.NDArray[np.bool_] = np.zeros(base.size if base else 0, np.bool_)
        self._size = 0
        self._seated: set[int] = set()  # slots that have a document in memory

    def remove(self, slots: Collection[int]) -> None:
        """Remove documents, and what a failed attempt may have left in their slots."""
        if self._base is not None:
            based = [slot for slot in slots if slot < len(self._hidden)]
            self._hidden = self._hidden.copy()  # older revisions keep theirs
            self._hidden[based] = True
        for slot in self._seated.intersection(slots):
            query = tantivy.Query.term_query(_SCHEMA, "slot", slot)
            self._open().delete_documents_by_query(query)  # by term, it misses whole numbers
            self._seated.discard(slot)

    def add(self, slot: int, spelled: Spelled) -> None:
        """Add a document, by the words of its texts."""
        self._seated.add(slot)
        self._size = max(self._size, slot + 1)
        self._open().add_document(_to_document(slot, spelled))

    def committed(self) -> Searcher:
        """Return what is there now; it does not change any more."""
        if self._writer is not None:
            self._writer.commit()
        self._index.reload()
        return Searcher(self._index.searcher(), self._size, self._base, self._hidden)

    def _open(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self._index.writer(heap_size=_HEAP, num_threads=1)
        return self._writer


def write_base(folder: Path, documents: Iterable[tuple[int, Spelled]]) -> None:
    """Write documents into an empty folder, for `open_base`."""
    writer = tantivy.Index(_SCHEMA, path=str(folder), reuse=False).writer(_HEAP, 1)
    for slot, spelled in documents:
        writer.add_document(_to_document(slot, spelled))
    writer.commit()
    writer.wait_merging_threads()


def open_base(folder: Path) -> tantivy.Searcher:
    """Return what `write_base` wrote.  The folder may be removed while it is in use."""
    index = tantivy.Index.open(str(folder))
    index.config_reader("manual")
    index.reload()
    return index.searcher()


def _to_document(slot: int, spelled: Spelled) -> tantivy.Document:
    document = tantivy.Document()
    document.add_unsigned("slot", slot)
    for field, told in spelled.items():
        document.add_text(field, " ".join(map(stem, told)))
    title = spelled["title"]
    document.add_text("subject", " ".join(map(stem, subject(title))))
    document.add_text(WRITTEN, " ".join(title))
    return document


def _count(searcher: tantivy.Searcher, of: str, stems: Sequence[str]) -> int:
    return sum(searcher.doc_freq(of, each) for each in stems)


def _holding(searcher: tantivy.Searcher, of: str, stems: Sequence[str], size: int) -> Slots:
    most = _count(searcher, of, stems)
    if not most:
        return NOWHERE
    if len(stems) == 1:
        return _slots(searcher, tantivy.Query.term_query(_SCHEMA, of, stems[0]), most, size)
    return _slots(searcher, tantivy.Query.term_set_query(_SCHEMA, of, list(stems)), most, size)


def _phrase(searcher: tantivy.Searcher, stems: Sequence[str], size: int) -> Slots:
    most = min(searcher.doc_freq("title", each) for each in stems)
    if not most:
        return NOWHERE
    return _slots(searcher, tantivy.Query.phrase_query(_SCHEMA, "title", list(stems)), most, size)


def _slots(searcher: tantivy.Searcher, query: tantivy.Query, most: int, size: int) -> Slots:
    """Return the slots below `size` that match, ascending; there are so many at `most`."""
    if most <= _PIECE:
        return _hits(searcher, query, most)
    pieces = [_within(query, begin) for begin in range(0, size, _PIECE)]
    return np.concatenate([_hits(searcher, each, _PIECE) for each in pieces])


def _within(query: tantivy.Query, begin: int) -> tantivy.Query:
    """Return what asks for the same in one piece of the slots."""
    kind = tantivy.FieldType.Unsigned
    piece = tantivy.Query.range_query(
        _SCHEMA, "slot", kind, begin, begin + _PIECE, include_upper=False
    )
    return tantivy.Query.and_must_match(query, piece)


def _hits(searcher: tantivy.Searcher, query: tantivy.Query, most: int) -> Slots:
    hits = searcher.search(
        query, limit=most, count=False, order_by_field="slot", order=tantivy.Order.Asc
    ).hits
    return np.fromiter(map(itemgetter(0), hits), np.int32, len(hits))
