"""What has an identity: Relay's `Node`."""

from typing import Any

import strawberry

from schema.ids import NodeKind, global_ids_of
from schema.types.described import described, read

_ID = "Opaque, the same for ever; `node` finds it again."


@strawberry.interface(description="A thing that `node` can find again by its id.")
class Node:
    """A thing with a global id."""

    id: strawberry.ID = described(_ID)


def global_id(kind: NodeKind, *plain: str) -> Any:
    """Return the `id` field of a type whose records know their id as `id`, or by that path."""
    return described(_ID, read(*(plain or ("id",)), to=global_ids_of(kind)))
