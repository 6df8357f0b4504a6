"""Files that are too large for one page: kept on disk, and cut into pages at the ends of rows.

The partners file says that a file may be large, and how large: whoever pours without end is cut
there.  The first page downloads the file; the others are read from it, and the last one lets go of
it.  A walk that finds its file gone begins anew.
"""

import asyncio
import re
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from adapters.base import Cursor
from adapters.errors import CursorExpiredError, PartnerContractError
from adapters.feed.options import Options
from adapters.transport import LARGEST_ANSWER

LARGEST = "largest_megabytes"  # the option
MOST_MEGABYTES = 1_000
MEGABYTE = 1_000_000
PART_BYTES = 4 * 2**20
_PLACE = re.compile(r"@([0-9]{1,12})")


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a format's rows may be parted: at line ends, in CSV not within quotes.

    A `header` line belongs to every part; `largest` is how many bytes the file may have.
    """

    largest: int
    header: bool = False
    quotes: bool = False

    def end(self, text: bytes) -> int:
        """Return where the last whole row of `text` ends; 0 if there is none.

        A quote that nobody closes parts nothing: then any line end will do.
        """
        last = at = text.rfind(b"\n")
        while self.quotes and at >= 0 and text.count(b'"', 0, at) % 2:
            at = text.rfind(b"\n", 0, at)
        return (at if at >= 0 else last) + 1

    def first_end(self, text: bytes) -> int:
        """Return where the first row of `text` ends."""
        at = text.find(b"\n")
        while self.quotes and at >= 0 and text.count(b'"', 0, at) % 2:
            at = text.find(b"\n", at + 1)
        return at + 1


def build_cut(options: Options, *, can_be_parted: bool) -> Cut | None:
    """Return how a source's file may be cut; None: it is small.  Raises `FeedOptionsError`.

    Nothing is cut that has no line ends of one byte.
    """
    told = options.raw(LARGEST)
    if told is None:
        return None
    is_number = isinstance(told, int) and not isinstance(told, bool)
    if not is_number or not 0 < told <= MOST_MEGABYTES:
        raise options.wrong(LARGEST, f"is a whole number from 1 to {MOST_MEGABYTES}, not {told!r}")
    kind, encoding = options.text("format"), options.text("encoding", "utf-8")
    if kind not in ("csv", "jsonl") or not can_be_parted or "\n".encode(encoding) != b"\n":
        sentence = (
            "is for CSV and JSON lines in an encoding like UTF-8, without joins, whose rows "
            "are offerings: other files are read as a whole"
        )
        raise options.wrong(LARGEST, sentence)
    is_csv = kind == "csv"
    return Cut(told * MEGABYTE, header=is_csv and not options.texts("columns"), quotes=is_csv)


@dataclass(frozen=True, slots=True)
class Part:
    """Some whole rows of a file, as a file of their own; `following` is where others begin."""

    body: bytes
    following: int | None


class FileParts:
    """A downloaded file, read part by part."""

    def __init__(self, partner: str, cut: Cut) -> None:
        self.file: IO[bytes] = _build_file()
        self._partner = partner
        self._cut = cut
        self._header = b""

    async def read(self, start: int) -> Part:
        """Return the part that begins at `start`; a file that is small enough is one."""
        return await asyncio.to_thread(self._read, start)

    def close(self) -> None:
        """Delete the file."""
        self.file.close()

    def _read(self, start: int) -> Part:
        size = self.file.seek(0, 2)
        longest = size if size <= LARGEST_ANSWER else PART_BYTES
        self.file.seek(start)
        text = self.file.read(longest)
        header = self._header if start else b""
        if start + len(text) >= size:
            return Part(header + text, None)
        end = self._cut.end(text)
        if not end:
            raise PartnerContractError(self._partner, f"a row is longer than {longest:,} bytes")
        if not start and self._cut.header:
            self._header = text[: self._cut.first_end(text)]
        return Part(header + text[:end], start + end)


def _build_file() -> IO[bytes]:
    """Return a file without a name, which is in memory for as long as it is small."""
    file: Any = SpooledTemporaryFile(max_size=LARGEST_ANSWER)  # noqa: SIM115 - `close` closes it
    return file  # type: ignore[no-any-return]


def to_link(place: int | None) -> str | None:
    """Return what a cursor says of a place in a file."""
    return None if place is None else f"@{place}"


def to_place(partner: str, link: str, cursor: Cursor | None) -> int:
    """Return the place that a cursor's link names; 0 at the beginning.

    Raises `CursorExpiredError` for what is no place of ours.
    """
    if cursor is None or not link.startswith("@"):
        return 0
    match = _PLACE.fullmatch(link)
    if match is None:
        raise CursorExpiredError(partner, "has no such place in its file")
    return int(match[1])
