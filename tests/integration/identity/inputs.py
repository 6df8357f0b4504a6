"""Every input of the schema, filled with one text: what is new is covered at once."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_required_argument,
)

from schema.ids import NodeKind, to_global_id

FINE = {
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "BigInt": "350000",
    "Date": "2026-05-04",
    "DateTime": "2026-05-04T09:00:00Z",
}


@dataclass(frozen=True)
class Question:
    """One operation over one field, with the arguments that it gives."""

    path: str
    document: str
    variables: dict[str, Any]


class Filler:
    """Fills inputs with a text: all of them, or those alone that take any text."""

    def __init__(self, text: str, *, everywhere: bool = False, kind: NodeKind | None = None):
        self.text = text
        self.everywhere = everywhere
        self.kind = kind

    def value(self, wanted: Any) -> Any:
        """Return a value of a type."""
        if isinstance(wanted, GraphQLNonNull):
            return self.value(wanted.of_type)
        if isinstance(wanted, GraphQLList):
            return [self.value(wanted.of_type)]
        if isinstance(wanted, GraphQLInputObjectType):
            return {name: self.value(field.type) for name, field in wanted.fields.items()}
        return self._leaf(wanted)

    def _leaf(self, wanted: Any) -> Any:
        if wanted.name == "ID" and self.kind is not None:
            return to_global_id(self.kind, self.text)
        if self.everywhere:
            return self.text
        if isinstance(wanted, GraphQLEnumType):
            return next(iter(wanted.values))
        return FINE.get(wanted.name, self.text)

    def questions(self, schema: GraphQLSchema) -> Iterator[Question]:
        """Give an operation for each field that takes arguments, by variables and literally."""
        roots = {"query": schema.query_type, "mutation": schema.mutation_type}
        roots["subscription"] = schema.subscription_type
        for operation, root in roots.items():
            for way, parent in _ways(root) if operation == "query" else [((), root)]:
                for name, field in parent.fields.items():
                    if self._has_something_to_fill(field):
                        yield self._by_variables(operation, (*way, name), field)
                        if not self.everywhere and self.kind is None:
                            yield self._literally(operation, (*way, name), field)

    def _has_something_to_fill(self, field: Any) -> bool:
        if self.kind is None:
            return bool(field.args)
        plain = Filler(self.text)
        types = [argument.type for argument in field.args.values()]
        return any(self.value(each) != plain.value(each) for each in types)

    def _by_variables(self, operation: str, way: tuple[str, ...], field: Any) -> Question:
        declared = ", ".join(f"${name}: {argument.type}" for name, argument in field.args.items())
        given = ", ".join(f"{name}: ${name}" for name in field.args)
        variables = {name: self.value(argument.type) for name, argument in field.args.items()}
        document = f"{operation} ({declared}) {_nested(way, f'({given}) {_selection(field)}')}"
        return Question(".".join(way), document, variables)

    def _literally(self, operation: str, way: tuple[str, ...], field: Any) -> Question:
        given = ", ".join(
            f"{name}: {_literal(self.value(argument.type), argument.type)}"
            for name, argument in field.args.items()
        )
        document = f"{operation} {_nested(way, f'({given}) {_selection(field)}')}"
        return Question(".".join(way), document, {})


def _ways(root: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give a shortest way to every type that can be reached without arguments, the root first."""
    seen, ways = {root.name}, [((), root)]
    for way, parent in ways:
        yield way, parent
        for name, field in parent.fields.items():
            below = get_named_type(field.type)
            is_open = hasattr(below, "fields") and not any(
                is_required_argument(argument) for argument in field.args.values()
            )
            if is_open and below.name not in seen:
                seen.add(below.name)
                ways.append(((*way, name), below))


def _nested(way: tuple[str, ...], end: str) -> str:
    return "".join(f"{{ {name} " for name in way) + end + " }" * len(way)


def _selection(field: Any) -> str:
    below = get_named_type(field.type)
    if not is_composite_type(below):
        return ""
    errors = getattr(below, "fields", {}).get("userErrors")
    return "{ __typename userErrors { message } }" if errors else "{ __typename }"


def _literal(value: Any, wanted: Any) -> str:
    if isinstance(wanted, GraphQLNonNull):
        return _literal(value, wanted.of_type)
    if isinstance(value, list):
        return f"[{_literal(value[0], wanted.of_type)}]"
    if isinstance(value, dict):
        told = (
            f"{name}: {_literal(each, wanted.fields[name].type)}" for name, each in value.items()
        )
        return f"{{ {', '.join(told)} }}"
    return value if isinstance(wanted, GraphQLEnumType) else json.dumps(value)
