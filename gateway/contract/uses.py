"""Which elements of a schema an operation uses, by schema coordinate.

What its variables may hold counts as used: nobody knows what a client sends in them.
"""

from collections.abc import Iterator
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    Visitor,
    get_named_type,
    type_from_ast,
    visit,
)


def uses(schema: GraphQLSchema, document: DocumentNode) -> frozenset[str]:
    """Return the coordinates of what `document` names, of those that `schema` has."""
    info = TypeInfo(schema)
    visitor = _Uses(schema, info)
    visit(document, TypeInfoVisitor(info, visitor))
    return frozenset(visitor.found)


class _Uses(Visitor):
    """Collects coordinates on its way through a document."""

    def __init__(self, schema: GraphQLSchema, info: TypeInfo) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._schema = schema
        self._info = info
        self._fields: list[str] = []

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Note the field, and what it gives."""
        parent, given = self._info.get_parent_type(), self._info.get_type()
        self._fields.append(f"{parent.name}.{node.name.value}" if parent else "")
        self.found.add(self._fields[-1])
        if given is not None:
            self.found.add(get_named_type(given).name)

    def leave_field(self, *_: Any) -> None:
        """Go back to the field around it."""
        self._fields.pop()

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        """Note the argument, unless it is a directive's."""
        if self._info.get_directive() is None and self._fields:
            self.found.add(f"{self._fields[-1]}({node.name.value}:)")

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        """Note the input's field."""
        parent = self._info.get_parent_input_type()
        if parent is not None:
            self.found.add(f"{get_named_type(parent).name}.{node.name.value}")

    def enter_enum_value(self, node: EnumValueNode, *_: Any) -> None:
        """Note the value."""
        wanted = self._info.get_input_type()
        if wanted is not None:
            self.found.add(f"{get_named_type(wanted).name}.{node.value}")

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        """Note all that the variable may hold."""
        named = get_named_type(type_from_ast(self._schema, node.type))
        if named is not None:
            self.found.update(_reachable(named, set()))

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> None:
        """Note the type that the fragment is on."""
        self.found.add(node.type_condition.name.value)

    def enter_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> None:
        """Note the type that the fragment is on."""
        if node.type_condition is not None:
            self.found.add(node.type_condition.name.value)


def _reachable(kind: Any, seen: set[str]) -> Iterator[str]:
    """Yield an input type and everything that a value of it may hold."""
    if kind.name in seen:
        return
    seen.add(kind.name)
    yield kind.name
    if isinstance(kind, GraphQLEnumType):
        yield from (f"{kind.name}.{value}" for value in kind.values)
    elif isinstance(kind, GraphQLInputObjectType):
        for name, field in kind.fields.items():
            yield f"{kind.name}.{name}"
            yield from _reachable(get_named_type(field.type), seen)
