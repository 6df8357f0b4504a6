"""What has an identity: Relay's `Node`."""

from collections.abc import Callable
from typing import Any

import strawberry

from schema.ids import NodeKind, to_global_id
from schema.types.described import described

_ID = "Opaque, the same for ever; `node` finds it again."


@strawberry.interface(description="A thing that `node` can find again by its id.")
class Node:
    """A thing with a global id."""

    id: strawberry.ID = described(_ID)


def global_id(kind: NodeKind, plain: Callable[[Any], str] = lambda record: record.id) -> Any:
    """Return the `id` field of a type whose records know their id as `plain`."""
    return described(_ID, lambda root: to_global_id(kind, plain(root)))
