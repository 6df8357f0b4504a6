"""Work that may have to wait, done at once where it need not."""

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class WaitsError(Exception):
    """Work is not done at once: something keeps it waiting."""


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns, without a task and without a turn of the event loop.

    If it would wait it is ended where it stands, so it must be such that can be begun again.
    Raises `WaitsError` then, and whatever it raises itself.
    """
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]  # it is what a coroutine returns
    work.close()
    raise WaitsError
