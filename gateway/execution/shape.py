"""What a document comes to once its fragments are written out, without writing them out.

Every definition is walked once; what a fragment comes to is remembered, so that the work is
that of the document's own size, however often its fragments are spread.  It is done before
GraphQL's own validation, which can be made to work for seconds.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    ExecutableDefinitionNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
)

from gateway.execution.limits import Limits
from schema.errors import ErrorCode

INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(slots=True)
class Shape:
    """What a selection comes to; not changed once all of it is added."""

    depth: int = 0
    nesting: int = 0
    fields: int = 0
    aliases: int = 0
    introspects: bool = False
    names: Counter[str] = field(default_factory=Counter)  # how often each is answered here

    def add(self, part: "Shape", *, below: int = 0) -> None:
        """Add what is beside the rest, or in a field or a selection of it: so far `below`."""
        self.depth = max(self.depth, part.depth + below)
        self.nesting = max(self.nesting, part.nesting)
        self.fields += part.fields
        self.aliases += part.aliases
        self.introspects = self.introspects or part.introspects
        if not below:
            self.names.update(part.names)


class Measuring:
    """Measures one document.  Raises `RefusedError` where it is beyond a limit."""

    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        self._limits = limits
        self._document = document
        self._fragments = fragments_of(document)
        self._known: dict[str, Shape] = {}
        self._open: set[str] = set()  # fragments being measured: a cycle ends there
        self._directives = 0
        self.visited = 0  # selections that were looked at: the work

    def measure(self) -> list[Shape]:
        """Return the shape of each fragment and operation."""
        shapes = []
        for definition in self._document.definitions:
            if isinstance(definition, FragmentDefinitionNode):
                shapes.append(self._fragment(definition.name.value, 0))
            elif isinstance(definition, OperationDefinitionNode):
                shapes.append(self._operation(definition))
        return shapes

    def _operation(self, operation: OperationDefinitionNode) -> Shape:
        self._check_directives(operation)
        for variable in operation.variable_definitions or ():
            self._check_directives(variable)
            if variable.default_value is not None:
                self._check_value(variable.default_value)
        called = len(root_calls(operation, self._fragments))
        if operation.operation is OperationType.MUTATION:
            self._check("mutations", called)
        self._check("root_fields", called)
        return self._selections(operation.selection_set, 1)

    def _fragment(self, name: str, level: int) -> Shape:
        if name in self._known:
            return self._known[name]
        fragment = self._fragments.get(name)
        if fragment is None or name in self._open:  # for the validation to tell
            return Shape()
        self._open.add(name)
        self._check_directives(fragment)
        shape = self._known[name] = self._selections(fragment.selection_set, level + 1)
        self._open.discard(name)
        return shape

    def _selections(self, selections: SelectionSetNode, level: int) -> Shape:
        """Return the sum of what is selected, `level` selections below where this began."""
        self._check("nesting", level, ErrorCode.QUERY_TOO_DEEP)
        total, limits = Shape(), self._limits
        for selection in selections.selections:
            self.visited += 1
            if selection.directives:
                self._check_directives(selection)
            self._add(total, selection, level)
            if total.depth > limits.depth:
                raise limits.exceeded("depth", total.depth, ErrorCode.QUERY_TOO_DEEP)
            if total.fields > limits.fields:
                raise limits.exceeded("fields", total.fields, ErrorCode.QUERY_TOO_COSTLY)
            if total.aliases > limits.aliases:
                raise limits.exceeded("aliases", total.aliases)
        total.nesting += 1
        self._check("nesting", total.nesting, ErrorCode.QUERY_TOO_DEEP)
        self._check("equal_fields", max(total.names.values(), default=0))
        return total

    def _add(self, total: Shape, selection: SelectionNode, level: int) -> None:
        if isinstance(selection, FieldNode):
            self._add_field(total, selection, level)
        elif isinstance(selection, InlineFragmentNode):
            total.add(self._selections(selection.selection_set, level + 1))
        elif isinstance(selection, FragmentSpreadNode):
            total.add(self._fragment(selection.name.value, level))

    def _add_field(self, total: Shape, node: FieldNode, level: int) -> None:
        for argument in node.arguments or ():
            self._check_value(argument.value)
        total.fields += 1
        total.aliases += node.alias is not None
        total.names[response_name(node)] += 1
        total.depth = max(total.depth, 1)
        total.introspects = total.introspects or node.name.value in INTROSPECTION
        if node.selection_set is not None:
            total.add(self._selections(node.selection_set, level + 1), below=1)

    def _check_directives(self, node: Node) -> None:
        directives = getattr(node, "directives", None) or ()
        self._directives += len(directives)
        self._check("directives_per_place", len(directives))
        self._check("directives", self._directives)
        for directive in directives:
            for argument in directive.arguments or ():
                self._check_value(argument.value)

    def _check_value(self, value: ValueNode, depth: int = 1) -> None:
        for each in _values_in(value):
            self._check("value_depth", depth, ErrorCode.QUERY_TOO_DEEP)
            self._check_value(each, depth + 1)

    def _check(self, name: str, found: int, code: ErrorCode = ErrorCode.QUERY_TOO_COMPLEX) -> None:
        if found > getattr(self._limits, name):
            raise self._limits.exceeded(name, found, code)


def fragments_of(document: DocumentNode) -> Mapping[str, FragmentDefinitionNode]:
    """Return a document's fragments by their names."""
    return {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }


def response_name(node: FieldNode) -> str:
    """Return the name under which a field is answered."""
    return node.alias.value if node.alias else node.name.value


def root_calls(
    definition: ExecutableDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Mapping[str, str]:
    """Return the fields that are called at the top of an operation, by their response names."""
    calls: dict[str, str] = {}
    spread: set[str] = set()
    waiting = [definition.selection_set]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                calls[response_name(selection)] = selection.name.value
            elif isinstance(selection, InlineFragmentNode):
                waiting.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name in fragments and name not in spread:
                    spread.add(name)
                    waiting.append(fragments[name].selection_set)
    return calls


def _values_in(value: ValueNode) -> Iterator[ValueNode]:
    if isinstance(value, ListValueNode):
        yield from value.values
    elif isinstance(value, ObjectValueNode):
        yield from (each.value for each in value.fields)
