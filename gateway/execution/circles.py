"""What running an operation leaves goes at once, not when garbage is looked for.

What refers to itself in a circle stays until a collection, and with it all that it refers to: the
catalogue that it read, which may have been replaced long ago.  There are two kinds of circles:
an executor that knows those whom it gives to resolvers, and an error that is known to the calls in
which it was raised.
"""

from collections.abc import Awaitable, Sequence
from typing import Any
from weakref import ref

from graphql import Executor
from graphql.type import GraphQLResolveInfoHelpers


class LooseExecutor(Executor[Any]):
    """An executor whose helpers for resolvers do not keep it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        itself = ref(self)

        def gather(values: Sequence[Awaitable[Any]]) -> Awaitable[list[Any]]:
            return _there(itself()).gather_async_work(values)

        def track(values: Sequence[Any]) -> None:
            _there(itself()).track_async_work(values)

        self.async_helpers = GraphQLResolveInfoHelpers(gather=gather, track=track)


def _there(executor: LooseExecutor | None) -> LooseExecutor:
    if executor is None:
        raise RuntimeError("the operation is over: nothing more can be awaited for it")
    return executor


def let_go(error: BaseException) -> None:
    """Have `error` forget in which calls it was raised, and likewise whatever it came of.

    It is to be logged before that.
    """
    wanted, seen = [error], set[int]()
    while wanted:
        found = wanted.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        found.__traceback__ = None
        others = (found.__cause__, found.__context__, getattr(found, "original_error", None))
        wanted += [each for each in others if each is not None]
