"""What a process that serves will read of its disk, asked for as soon as it starts.

The load reads half a gigabyte of a large catalogue in pieces of 4 kB, page by page of a table that
others' pages lie among, and waits for each that the system does not have in memory.  Asked for in
order, while the process still imports, most of them are there by then.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from gateway.settings import Settings

_STEP = 1 << 20  # bytes: Linux cuts short what is asked for at a time
_SHARE = 4  # of the machine's memory, one part in so many at most


def read_ahead(settings: Settings) -> Thread | None:
    """Ask for the files of a stored catalogue, in a thread; None where nobody can be asked."""
    if not hasattr(os, "posix_fadvise"):
        return None
    asking = Thread(target=_ask_for, args=(_files(settings),), daemon=True)
    asking.start()
    return asking


def _files(settings: Settings) -> list[Path]:
    """Return the database, if it is a file, and the kept search index: in the order of need."""
    database = settings.data_dir / "catalogue.sqlite3"
    index = settings.data_dir.glob("search-index/kept-*/*")
    return [*([] if settings.database_url else [database]), *index]


def _ask_for(files: Iterable[Path]) -> None:
    left = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _SHARE
    for path in files:
        with suppress(OSError), path.open("rb") as file:  # none is stored, or it has just gone
            end = min(os.fstat(file.fileno()).st_size, left)
            for begin in range(0, end, _STEP):
                os.posix_fadvise(file.fileno(), begin, _STEP, os.POSIX_FADV_WILLNEED)
            left -= end
