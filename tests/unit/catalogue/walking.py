"""Walking through a list page by page, as clients do."""

from collections.abc import Callable
from typing import Any

from schema.ports import Slice, Window


def walk(ask: Callable[[Window], Slice[Any]], size: int, *, backwards: bool) -> list[str]:
    """Return the ids of all pages of `size`, in list order, whichever way they were read."""
    shown: list[str] = []
    window = Window(last=size) if backwards else Window(first=size)
    while True:
        page = ask(window)
        ids = [node.id for node in page.nodes]
        shown = ids + shown if backwards else shown + ids
        more = page.has_previous if backwards else page.has_next
        if not more:
            return shown
        window = (
            Window(last=size, before=page.cursors[0])
            if backwards
            else Window(first=size, after=page.cursors[-1])
        )
