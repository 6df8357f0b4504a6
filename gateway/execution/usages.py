"""Where variables and fragments are used: those that are not defined, not used, or out of place."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graphql import (
    ExecutableDefinitionNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    ListValueNode,
    NameNode,
    NoUndefinedVariablesRule,
    NoUnusedFragmentsRule,
    NoUnusedVariablesRule,
    ObjectValueNode,
    OperationDefinitionNode,
    Undefined,
    UniqueInputFieldNamesRule,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    VariablesInAllowedPositionRule,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
    is_nullable_type,
    type_from_ast,
)
from graphql.validation.rules.variables_in_allowed_position import allowed_variable_usage

from gateway.execution.overlaps import Fragments
from gateway.execution.rules import Report


class Position(NamedTuple):
    """What a value is expected to be; nothing is known of it if there is no type."""

    kind: Any = None
    default: Any = Undefined
    within: Any = None  # the type around it


ANYWHERE = Position()
_Usage = tuple[VariableNode, Position]


class Usages:
    """What a document's definitions use, noted while it is walked through."""

    def __init__(self, schema: GraphQLSchema, fragments: Fragments, report: Report) -> None:
        self._schema = schema
        self._fragments = fragments
        self._report = report
        self._spreads: defaultdict[int, list[str]] = defaultdict(list)
        self._variables: defaultdict[int, list[_Usage]] = defaultdict(list)

    def note_spread(self, definition: ExecutableDefinitionNode, name: str) -> None:
        """Note that a fragment is spread somewhere in a definition."""
        self._spreads[id(definition)].append(name)

    def note(
        self,
        definition: ExecutableDefinitionNode,
        value: ValueNode,
        position: Position = ANYWHERE,
    ) -> None:
        """Note the variables in a value that stands somewhere in a definition."""
        if isinstance(value, VariableNode):
            self._variables[id(definition)].append((value, position))
        elif isinstance(value, ListValueNode):
            within = get_nullable_type(position.kind)
            item = within.of_type if is_list_type(within) else None
            for entry in value.values:
                self.note(definition, entry, Position(item, within=position.kind))
        elif isinstance(value, ObjectValueNode):
            self._note_object(definition, value, position.kind)

    def _note_object(
        self, definition: ExecutableDefinitionNode, value: ObjectValueNode, kind: Any
    ) -> None:
        named = get_named_type(kind)
        fields: Mapping[str, Any] = named.fields if is_input_object_type(named) else {}
        seen = dict[str, NameNode]()
        for each in value.fields:
            name = each.name.value
            if (first := seen.setdefault(name, each.name)) is not each.name:
                message = f"There can be only one input field named '{name}'."
                self._report(UniqueInputFieldNamesRule, GraphQLError(message, [first, each.name]))
            self.note(definition, each.value, position_of(fields.get(name), within=kind))

    def check(self, definitions: Iterable[object]) -> None:
        """Report what is wrong, once all definitions have been walked through."""
        spread = set[str]()
        for each in definitions:
            if isinstance(each, OperationDefinitionNode):
                within = self._within(each)
                spread.update(node.name.value for node in within if node.name)
                self._check_operation(each, [each, *within])
        for name, fragment in self._fragments.items():
            if name not in spread:
                message = f"Fragment '{name}' is never used."
                self._report(NoUnusedFragmentsRule, GraphQLError(message, fragment))

    def _within(self, operation: OperationDefinitionNode) -> Sequence[FragmentDefinitionNode]:
        """Return the fragments that an operation spreads, and those that these spread."""
        found: dict[str, FragmentDefinitionNode] = {}
        waiting = list(self._spreads[id(operation)])
        while waiting:
            name = waiting.pop()
            fragment = self._fragments.get(name)
            if fragment is not None and name not in found:
                found[name] = fragment
                waiting += self._spreads[id(fragment)]
        return list(found.values())

    def _check_operation(
        self, operation: OperationDefinitionNode, within: Sequence[ExecutableDefinitionNode]
    ) -> None:
        defined = {each.variable.name.value: each for each in operation.variable_definitions or ()}
        used = set[str]()
        for node, position in self._usages_of(within):
            name = node.name.value
            used.add(name)
            if name in defined:
                self._check_position(defined[name], node, position)
            else:
                by = f" by operation '{operation.name.value}'" if operation.name else ""
                message = f"Variable '${name}' is not defined{by}."
                self._report(NoUndefinedVariablesRule, GraphQLError(message, [node, operation]))
        for name, each in defined.items():
            if name not in used:
                where = f" in operation '{operation.name.value}'" if operation.name else ""
                message = f"Variable '${name}' is never used{where}."
                self._report(NoUnusedVariablesRule, GraphQLError(message, each))

    def _usages_of(self, definitions: Sequence[ExecutableDefinitionNode]) -> Iterator[_Usage]:
        """Yield each usage once for all that are alike."""
        seen = set[tuple[str, int, int, bool]]()
        for definition in definitions:
            for node, position in self._variables[id(definition)]:
                kind, default, within = position
                key = node.name.value, id(kind), id(within), default is Undefined
                if key not in seen:
                    seen.add(key)
                    yield node, position

    def _check_position(
        self, variable: VariableDefinitionNode, node: VariableNode, position: Position
    ) -> None:
        kind, default, within = position
        told = type_from_ast(self._schema, variable.type)
        if kind is None or told is None:
            return
        name = variable.variable.name.value
        if not allowed_variable_usage(self._schema, told, variable.default_value, kind, default):
            message = (
                f"Variable '${name}' of type '{told}' used in position expecting type '{kind}'."
            )
            self._report(VariablesInAllowedPositionRule, GraphQLError(message, [variable, node]))
        if is_input_object_type(within) and within.is_one_of and is_nullable_type(told):
            message = (
                f"Variable '${name}' is of type '{told}' but must be non-nullable to be used for "
                f"OneOf Input Object '{within}'."
            )
            self._report(VariablesInAllowedPositionRule, GraphQLError(message, [variable, node]))


def position_of(place: Any, within: Any = None) -> Position:
    """Return the position of an argument, or of an input field `within` its type.

    None is one that is not known.
    """
    if place is None:
        return Position(within=within)
    default = place.default if place.default is not None else place.default_value
    return Position(place.type, default, within)
