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
STEMMED = ("subject", "title", "institution", "topic", "summary")
_HEAP = 30_000_000  # bytes that tantivy gathers before it writes a segment
_NOWHERE: Slots = np.empty(0, np.int32)


def _to_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("slot", indexed=True, fast=True)
    for field in (*STEMMED, "exact"):
        option = "position" if field == "title" else "basic"
        builder.add_text_field(field, tokenizer_name="whitespace", index_option=option)
    return builder.build()


_SCHEMA = _to_schema()


@dataclass(frozen=True, slots=True)
class Searcher:
    """The texts as of one revision."""

    changes: tantivy.Searcher
    base: tantivy.Searcher | None
    hidden: npt.NDArray[np.bool_]  # by slot, where the base is not what stands

    def holding(self, field: str, stems: Sequence[str]) -> Slots:
        """Return the slots whose `field` has any of `stems`, ascending."""
        query = tantivy.Query.term_set_query(_SCHEMA, field, list(stems))
        if len(stems) == 1:
            query = tantivy.Query.term_query(_SCHEMA, field, stems[0])

        def most(searcher: tantivy.Searcher) -> int:
            return sum(searcher.doc_freq(field, each) for each in stems)

        return self._both(
            _slots(self.changes, query, most(self.changes)),
            _NOWHERE if self.base is None else _slots(self.base, query, most(self.base)),
        )

    def phrase(self, stems: Sequence[str]) -> Slots:
        """Return the slots whose title has `stems` one after the other."""
        query = tantivy.Query.phrase_query(_SCHEMA, "title", list(stems))

        def most(searcher: tantivy.Searcher) -> int:
            return min(searcher.doc_freq("title", each) for each in stems)

        return self._both(
            _slots(self.changes, query, most(self.changes)),
            _NOWHERE if self.base is None else _slots(self.base, query, most(self.base)),
        )

    def _both(self, changed: Slots, based: Slots) -> Slots:
        standing = based[~self.hidden[based]] if len(based) else based
        if not len(changed):
            return standing
        return np.sort(np.concatenate([standing, changed])) if len(standing) else changed


class Texts:
    """The texts and their one writer; `committed` tells what is there now."""

    def __init__(self, base: tantivy.Searcher | None = None, size: int = 0) -> None:
        """Begin with `base`, whose slots are below `size`."""
        self._index = tantivy.Index(_SCHEMA)
        self._writer: tantivy.IndexWriter | None = None
        self._base = base
        self._hidden: npt.NDArray[np.bool_] = np.zeros(size, np.bool_)
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
        self._open().add_document(_to_document(slot, spelled))

    def committed(self) -> Searcher:
        """Return what is there now; it does not change any more."""
        if self._writer is not None:
            self._writer.commit()
        self._index.reload()
        return Searcher(self._index.searcher(), self._base, self._hidden)

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
    document.add_text("exact", " ".join(title))
    return document


def _slots(searcher: tantivy.Searcher, query: tantivy.Query, limit: int) -> Slots:
    if not limit:
        return _NOWHERE
    hits = searcher.search(
        query, limit=limit, count=False, order_by_field="slot", order=tantivy.Order.Asc
    ).hits
    return np.fromiter(map(itemgetter(0), hits), np.int32, len(hits))
