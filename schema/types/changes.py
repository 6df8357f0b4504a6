"""Changes of the catalogue, for clients that keep a copy."""

from collections.abc import Sequence

import strawberry
from strawberry import Parent

from schema import change_ports as ports
from schema.ids import NodeKind, to_global_id
from schema.types.catalogue import Course
from schema.types.connections import Edge, EdgeRecord, PageInfo
from schema.types.described import described, enumerated, presents

_KIND = ports.CatalogueChangeKind

enumerated(
    _KIND,
    {
        _KIND.ADDED: "It was not there then, and is now.",
        _KIND.CHANGED: "It was there then, and is otherwise now.",
        _KIND.WITHDRAWN: "Nobody sells it any longer, or it was merged into another; delete it.",
    },
)


def _course_id(change: Parent[ports.CatalogueChange]) -> strawberry.ID:
    return strawberry.ID(to_global_id(NodeKind.COURSE, change.course_id))


def _merged_into(change: Parent[ports.CatalogueChange]) -> strawberry.ID | None:
    merged = change.merged_into
    return strawberry.ID(to_global_id(NodeKind.COURSE, merged)) if merged is not None else None


def _edges(page: Parent[ports.ChangePage]) -> Sequence[EdgeRecord]:
    return [EdgeRecord(*pair) for pair in zip(page.part.nodes, page.part.cursors, strict=True)]


@presents(ports.CatalogueChange)
class CatalogueChange:
    """What became of one course, all in all, since the revision that was asked about."""

    kind: ports.CatalogueChangeKind = described("What to do with the copy.")
    course_id: strawberry.ID = described("Which course it is.", _course_id)
    course: Course | None = described("The course as it is now; null when it is withdrawn.")
    merged_into: strawberry.ID | None = described(
        "The course into which it was merged, so that what points to it may point there.",
        _merged_into,
    )


@presents(ports.ChangePage)
class CatalogueChangeConnection:
    """One page of changes, one entry per course, and how far they lead."""

    edges: list[Edge[CatalogueChange]] = described(
        "The changes of the page, each with its cursor.", _edges
    )
    nodes: list[CatalogueChange] = described(
        "The changes of the page.", lambda root: root.part.nodes
    )
    page_info: PageInfo = described("Where the page lies in the list.", lambda root: root.part)
    revision: str = described(
        "Where a client stands that has applied every page; its next `since`. It is the same on "
        "every page; should it be lower on a later one, take that.",
        lambda root: str(root.revision),
    )
