"""Where a field stands: in the document, in the schema, and in an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    is_non_null_type,
    located_error,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path

# The place above, the key or index, whether null may stand there, and the type that has the key.
# A plain tuple, because one is made for every object of an answer.
Place: TypeAlias = tuple["Place | None", str | int, bool, str | None]


@dataclass(frozen=True, slots=True)
class Site:
    """One field of a selection, with all the nodes that ask for it under one key."""

    index: int
    key: str
    parent: GraphQLObjectType
    name: str
    field: GraphQLField
    details: FieldDetailsList

    @property
    def nodes(self) -> Sequence[FieldNode]:
        """The nodes that ask for it."""
        return [each.node for each in self.details]

    def below(self, place: Place | None) -> Place:
        """Return where its value stands in the object at `place`."""
        return place, self.key, not is_non_null_type(self.field.type), self.parent.name

    def located(self, error: Exception, place: Place) -> GraphQLError:
        """Return `error` with where it happened, unless it knows."""
        return located_error(error, self.nodes, keys_of(place))

    def no_null(self) -> TypeError:
        """Return the error for a null where none may stand, in graphql-core's words."""
        return TypeError(f"Cannot return null for non-nullable field {self.parent}.{self.name}.")


def keys_of(place: Place | None) -> list[Any]:
    """Return the keys and indices that lead to a place."""
    keys = []
    while place is not None:
        keys.append(place[1])
        place = place[0]
    return keys[::-1]


def path_of(place: Place | None) -> Path | None:
    """Return a place as graphql-core writes it."""
    return place and Path(path_of(place[0]), place[1], place[3])


def nullable_of(place: Place | None) -> Place | None:
    """Return the nearest place upwards in which null may stand; None is the whole answer."""
    while place is not None and not place[2]:
        place = place[0]
    return place
