"""The short tests by which a scalar or an enum is seen to be right as it is."""

from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLString,
    GraphQLType,
)
from strawberry.schema.schema_converter import CustomGraphQLEnumType

_TEXT = "{0}.__class__ is str"
TESTS: tuple[tuple[GraphQLType, str], ...] = (
    (GraphQLString, _TEXT),
    (GraphQLID, _TEXT),
    (GraphQLBoolean, "{0}.__class__ is bool"),
    (GraphQLInt, "{0}.__class__ is int and -2147483648 <= {0} <= 2147483647"),
    (GraphQLFloat, "{0}.__class__ is float and {0} - {0} == 0.0"),  # neither nan nor infinite
)


def test_of(kind: GraphQLType) -> str | None:
    """Return the test for values that stand in an answer as they are; None if there is none.

    A custom scalar's function may say by an attribute `whole_numbers` from where to where it
    returns whole numbers as they are.
    """
    told = getattr(getattr(kind, "coerce_output_value", None), "whole_numbers", None)
    if isinstance(told, tuple):
        return f"{{0}}.__class__ is int and {told[0]} <= {{0}} <= {told[1]}"
    return next((test for known, test in TESTS if known is kind), None)


@lru_cache(maxsize=256)  # every member is coerced to find out
def members_of(kind: GraphQLType) -> type[Enum] | None:
    """Return the class whose members' own names are the names of a GraphQL enum's values."""
    if not isinstance(kind, CustomGraphQLEnumType):
        return None
    members: type[Enum] = kind.wrapped_cls  # type: ignore[assignment]  # Strawberry made it of one
    coerce: Callable[[Any], str] = kind.coerce_output_value
    if _is_customised(kind) or len(members) != len(kind.values):
        return None
    return members if all(coerce(each) == each._name_ for each in members) else None


def _is_customised(kind: GraphQLEnumType) -> bool:
    return type(kind) is not CustomGraphQLEnumType or "coerce_output_value" in vars(kind)
