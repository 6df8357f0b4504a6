"""A partner's shelf: the rows that its facade lists, which a fault may exchange for others."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import overload

from adapters.sandbox.world import SandboxOffering

Rows = Sequence[SandboxOffering]


class Shelf(Sequence[SandboxOffering]):
    """Shows its rows; within `showing`, and only to that request, others."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._shown: ContextVar[Rows] = ContextVar("shown", default=rows)

    @contextmanager
    def showing(self, rows: Rows) -> Iterator[None]:
        """Show `rows` instead, to who is asked in this context."""
        before = self._shown.set(rows)
        try:
            yield
        finally:
            self._shown.reset(before)

    @overload
    def __getitem__(self, index: int) -> SandboxOffering: ...

    @overload
    def __getitem__(self, index: slice) -> Rows: ...

    def __getitem__(self, index: int | slice) -> SandboxOffering | Rows:
        return self._shown.get()[index]

    def __len__(self) -> int:
        return len(self._shown.get())
