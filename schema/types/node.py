"""What has an identity: Relay's `Node`."""

from collections.abc import Callable
from typing import Any

import strawberry

from schema.ids import NodeKind, global_ids_of
from schema.types.described import described

_ID = "Opaque, the same for ever; `node` finds it again."


@strawberry.interface(description="A thing that `node` can find again by its id.")
class Node:
    """A thing with a global id."""

    id: strawberry.ID = described(_ID)


def global_id(kind: NodeKind, plain: Callable[[Any], str] | None = None) -> Any:
    """Return the `id` field of a type whose records know their id as `plain`, or else as `id`."""
    made = global_ids_of(kind)
    if plain is None:
        return described(_ID, lambda root: made(root.id))
    return described(_ID, lambda root: made(plain(root)))
