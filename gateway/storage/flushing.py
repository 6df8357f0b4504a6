"""Putting a long SQLite transaction on the disk as it is written, in small parts.

A commit that has hundreds of megabytes to flush, and the copying of its log into the file
behind it, hold up every other file's commits on the disk: those of enrolments, for a quarter
of a second.  What is flushed already need not be flushed then.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

EVERY_SECONDS = 0.02
AFTER_SECONDS = 0.2  # of a transaction: most are over by then

flush = getattr(os, "fdatasync", os.fsync)


class Flusher:
    """Flushes one database's file and its log during long transactions."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._log = file.with_name(f"{file.name}-wal")
        self._kept: int | None = None  # the file's descriptor

    @contextmanager
    def during_write(self) -> Iterator[None]:
        """Flush, from soon after the block begins until it ends."""
        is_over = threading.Event()
        flushing = threading.Thread(target=self._flush, args=(is_over,), daemon=True)
        flushing.start()
        try:
            yield
        finally:
            is_over.set()
            flushing.join()

    def close(self) -> None:
        """Let go of the file, after all its connections: it would drop the locks of SQLite."""
        if self._kept is not None:
            os.close(self._kept)
            self._kept = None

    def _flush(self, is_over: threading.Event) -> None:
        if is_over.wait(AFTER_SECONDS):
            return
        with suppress(OSError):  # the commit's own flush tells what is wrong
            if self._kept is None:
                self._kept = os.open(self._file, os.O_RDONLY)
            log = os.open(self._log, os.O_RDONLY)
            try:
                while not is_over.wait(EVERY_SECONDS):
                    flush(log)
                    flush(self._kept)
            finally:
                os.close(log)
