"""The search index kept in a folder, so that the next process opens it instead of building it.

It is only ever a short cut: every document is known by the digest of its texts, every file by
the digest of its bytes, and the whole by the code that made it.  What does not fit is built anew,
and what has changed since is put on top, so an old or damaged folder costs time and nothing else.
"""

import shutil
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from time import time

import msgspec
import numpy as np
import numpy.typing as npt
import structlog

from gateway.catalogue import documents, postings, texts, words
from gateway.catalogue.documents import DIGEST_BYTES, Document, spelled, words_of
from gateway.catalogue.postings import Posting, open_postings, write_postings
from gateway.catalogue.texts import Base, Spelled, open_base, write_base

MOST_STALE = 20  # of so many documents one may have changed; with more, all are indexed anew
ABANDONED_SECONDS = 3_600.0  # after which a folder that is being built is nobody's
_BUILDING, _KEPT = "building-", "kept-"
_CONTENTS = "contents.msgpack"
_LOCKS = ".lock"

Numbered = tuple[int, Document]  # a document and its slot

logger = structlog.get_logger()


class Contents(msgspec.Struct):
    """What stands in a kept index, by slot; numbers are little-endian bytes."""

    made_by: str
    files: dict[str, bytes]  # digests
    courses: list[str]  # ids
    digests: bytes
    lengths: bytes  # words of each title, one byte each
    words: list[str]
    word_numbers: bytes  # of all documents, one after the other
    word_ends: bytes  # where each document's end
    word_uses: bytes  # by how many documents each word is used
    postings: list[Posting]

    def words_at(self, slots: Iterable[int]) -> Counter[str]:
        """Return how many of some documents use each word."""
        numbers = np.frombuffer(self.word_numbers, "<u4")
        ends = np.frombuffer(self.word_ends, "<u8")
        counted = Counter[str]()
        for slot in slots:
            begin = int(ends[slot - 1]) if slot else 0
            counted.update(self.words[number] for number in numbers[begin : int(ends[slot])])
        return counted

    def uses(self) -> Mapping[str, int]:
        """Return how many documents use each word."""
        counts = np.frombuffer(self.word_uses, "<u4").tolist()
        return dict(zip(self.words, counts, strict=True))


class Kept:
    """A kept index that was opened."""

    def __init__(self, contents: Contents, base: Base) -> None:
        self.contents = contents
        self.base = base
        self.seats = {course: slot for slot, course in enumerate(contents.courses)}
        self.lengths: npt.NDArray[np.uint8] = np.frombuffer(contents.lengths, np.uint8)

    def differing(self, found: Iterable[Numbered]) -> tuple[set[int], dict[int, Document]]:
        """Return which slots are not as they were kept, and the documents that now are there."""
        digests, come = self.contents.digests, dict[int, Document]()
        differs: npt.NDArray[np.bool_] = np.ones(len(self.lengths), np.bool_)
        standing: list[int] = []
        for slot, document in found:
            at = slot * DIGEST_BYTES
            if digests[at : at + DIGEST_BYTES] == document.digest():  # beyond them are none
                standing.append(slot)
            else:
                come[slot] = document
        differs[standing] = False
        return set(np.flatnonzero(differs).tolist()), come


class Shelf:
    """A folder for kept indexes, of which the newest counts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> Kept | None:
        """Return the newest kept index that is whole and this code's own."""
        self._remove(self._abandoned())
        for folder in self._kept():
            try:
                return _open(folder)
            except (OSError, ValueError, msgspec.MsgspecError) as exc:
                logger.warning("search.kept_index_unusable", reason=repr(exc))
        return None

    def build(self, found: Callable[[], Iterable[Numbered]], courses: Sequence[str]) -> Kept | None:
        """Index documents of `courses`, by slot, keep that, and open it; None if it cannot be."""
        building = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            building = Path(mkdtemp(prefix=_BUILDING, dir=self._folder))
            _write(building, found(), courses)
            kept, older = _open(building), self._kept()
            building.rename(self._folder / building.name.replace(_BUILDING, _KEPT))
            self._remove(older)
        except (OSError, ValueError) as exc:
            logger.warning("search.index_not_kept", reason=repr(exc))
            self._remove([building] if building else [])
            return None
        return kept

    def _kept(self) -> list[Path]:
        """Return the folders of kept indexes, the newest first."""
        return [path for _, path in self._by_age(_KEPT)]

    def _abandoned(self) -> list[Path]:
        """Return what processes left that were killed while they built."""
        lately = time() - ABANDONED_SECONDS
        return [path for changed, path in self._by_age(_BUILDING) if changed < lately]

    def _by_age(self, kind: str) -> list[tuple[float, Path]]:
        """Return the folders of a kind and when each was changed, the newest first."""
        found = []
        for path in self._folder.glob(f"{kind}*"):
            with suppress(OSError):  # another process has just removed it
                found.append((path.stat().st_mtime, path))
        return sorted(found, reverse=True)

    def _remove(self, folders: Iterable[Path]) -> None:
        """Remove folders, none of which is taken for a kept index before it is gone.

        Another process may be opening one, and then builds its own.
        """
        for folder in folders:
            with suppress(OSError):
                going = folder.with_name(folder.name.replace(_KEPT, _BUILDING))
                shutil.rmtree(folder.rename(going), ignore_errors=True)


def _write(folder: Path, found: Iterable[Numbered], courses: Sequence[str]) -> None:
    digests, lengths = bytearray(), bytearray()
    known: dict[str, int] = {}
    numbers, ends = array("I"), array("Q")

    def noting() -> Iterator[tuple[int, Spelled]]:
        for slot, document in found:
            told = spelled(document)
            digests.extend(document.digest())
            lengths.append(min(255, len(told["title"])))
            numbers.extend([known.setdefault(each, len(known)) for each in words_of(told)])
            ends.append(len(numbers))
            yield slot, told

    write_base(folder, noting())
    contents = Contents(
        made_by=_maker(),
        files={},
        courses=list(courses),
        digests=bytes(digests),
        lengths=bytes(lengths),
        words=list(known),
        word_numbers=np.asarray(numbers, "<u4").tobytes(),
        word_ends=np.asarray(ends, "<u8").tobytes(),
        word_uses=np.bincount(numbers, minlength=len(known)).astype("<u4").tobytes(),
        postings=[],
    )
    base = Base(open_base(folder), len(lengths), {})
    contents.postings = write_postings(folder, base, contents.uses())
    contents.files = {path.name: _digest(path) for path in _files(folder)}
    packed = msgspec.msgpack.encode(contents)
    check = blake2b(packed, digest_size=16).digest()
    (folder / _CONTENTS).write_bytes(check + packed)


def _open(folder: Path) -> Kept:
    """Open a kept index.  Raises `ValueError`, `OSError` or `MsgspecError` if it is not whole."""
    told = (folder / _CONTENTS).read_bytes()
    if blake2b(told[16:], digest_size=16).digest() != told[:16]:
        raise ValueError("its contents are damaged")
    contents = msgspec.msgpack.decode(told[16:], type=Contents)
    if contents.made_by != _maker():
        raise ValueError("other code made it")
    if {path.name: _digest(path) for path in _files(folder)} != contents.files:
        raise ValueError("its files are damaged")
    known = open_postings(folder, contents.postings)
    return Kept(contents, Base(open_base(folder), len(contents.lengths), known))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix != _LOCKS and path.name != _CONTENTS]


def _digest(path: Path) -> bytes:
    return blake2b(path.read_bytes(), digest_size=16).digest()


@cache
def _maker() -> str:
    """Return a name for all code that decides what an index holds."""
    told = blake2b(digest_size=16)
    for module in (documents, postings, texts, words):
        told.update(Path(module.__file__ or "").read_bytes())
    told.update(Path(__file__).read_bytes())
    versions = (version("tantivy"), version("snowballstemmer"))
    return f"{told.hexdigest()} {' '.join(versions)}"
