"""Relay connections: a `Slice` of a list, presented as edges, nodes and page info."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from strawberry import Parent

from schema.ports import Slice
from schema.types.described import described, presents

N = TypeVar("N")


@dataclass(frozen=True, slots=True)
class EdgeRecord:
    """One record of a slice, with the cursor that stands for its place."""

    node: Any
    cursor: str


def _edges(part: Parent[Slice[Any]]) -> Sequence[EdgeRecord]:
    return [EdgeRecord(*pair) for pair in zip(part.nodes, part.cursors, strict=True)]


@presents(Slice)
class PageInfo:
    """Where a page lies in its list."""

    has_next: bool = described("There is more behind it.", name="hasNextPage")
    has_previous: bool = described("There is more ahead of it.", name="hasPreviousPage")
    start_cursor: str | None = described(
        "The first cursor of the page, for `before`; null when the page is empty.",
        lambda root: root.cursors[0] if root.cursors else None,
    )
    end_cursor: str | None = described(
        "The last cursor of the page, for `after`; null when the page is empty.",
        lambda root: root.cursors[-1] if root.cursors else None,
    )


@presents(EdgeRecord)
class Edge(Generic[N]):
    """One entry of a list and its place."""

    node: N = described("The entry.")
    cursor: str = described("Its place in this list; holds while the catalogue changes.")


@presents(Slice)
class Connection(Generic[N]):
    """One page of a list."""

    edges: list[Edge[N]] = described("The entries of the page, each with its cursor.", _edges)
    nodes: list[N] = described("The entries of the page.")
    page_info: PageInfo = described("Where the page lies in the list.", lambda root: root)
    total: int = described("How many entries the whole list has.", name="totalCount")
