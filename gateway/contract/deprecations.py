"""Deprecations: a reason and the last day, written so that a program can read the day.

`@deprecated(reason: "Use `price`; until 2027-06-30.")`: on that day it is still there.
"""

import re
from collections.abc import Mapping
from datetime import date

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
)

FORM = "say why and until when, such as: Use `price`; until 2027-06-30."
_UNTIL = re.compile(r"^\S.*\buntil (\d{4}-\d{2}-\d{2})\.?$", re.DOTALL)

Elements = Mapping[str, str | None]


def last_day(reason: str) -> date | None:
    """Return the day until which a deprecated element stays; None if `reason` tells none."""
    told = _UNTIL.fullmatch(reason.strip())
    try:
        return date.fromisoformat(told[1]) if told else None
    except ValueError:
        return None


def elements(schema: GraphQLSchema) -> Elements:
    """Return every element that clients can name, by schema coordinate.

    The value is the reason why it is deprecated, if it is; types themselves cannot be.
    """
    found: dict[str, str | None] = {}
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        found[name] = None
        if isinstance(kind, GraphQLEnumType):
            for key, value in kind.values.items():
                found[f"{name}.{key}"] = value.deprecation_reason
        elif isinstance(kind, GraphQLInputObjectType):
            for key, wanted in kind.fields.items():
                found[f"{name}.{key}"] = wanted.deprecation_reason
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            found |= _fields(name, kind)
    return found


def _fields(name: str, kind: GraphQLObjectType | GraphQLInterfaceType) -> Elements:
    found: dict[str, str | None] = {}
    for key, field in kind.fields.items():
        found[f"{name}.{key}"] = field.deprecation_reason
        for argument, wanted in field.args.items():
            found[f"{name}.{key}({argument}:)"] = wanted.deprecation_reason
    return found
