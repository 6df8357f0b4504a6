"""Where the tests' files are: in memory where there is room, which halves what databases cost.

A power cut is never played, so nothing that is tested needs a disk.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made by `tempfile`
ROOM = 4 * 2**30  # bytes; the whole suite takes less than a fifth of it at a time


def use_memory(folder: Path = MEMORY, room: int = ROOM) -> None:
    """Make temporary files in `folder`, unless `TMPDIR` says where or it cannot be."""
    if "TMPDIR" in os.environ or not _is_usable(folder, room):
        return
    os.environ["TMPDIR"] = str(folder)  # for the processes that tests start
    tempfile.tempdir = None  # for this one: to be asked anew


def _is_usable(folder: Path, room: int) -> bool:
    """Return whether programs can be put and run there, too."""
    return (
        folder.is_dir()
        and os.access(folder, os.W_OK)
        and not os.statvfs(folder).f_flag & os.ST_NOEXEC
        and shutil.disk_usage(folder).free >= room
    )
