"""Imported before all else by what serves: libraries without what makes them pretty.

structlog and httpx import rich and pygments wherever these are, for tracebacks in colours and for
a command line that no server has: 3.5 MB, and a tenth of a second.  Where there is none they do
without, so while they are imported there is none.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Have modules not found meanwhile; those that are imported already stay."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: there is none
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with without("rich", "pygments"):
    import httpx  # noqa: F401
    import structlog  # noqa: F401
