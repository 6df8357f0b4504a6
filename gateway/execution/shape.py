"""What a document comes to once its fragments are written out, without writing them out.

Every definition is walked once; what a fragment comes to is remembered, so that the work is
that of the document's own size, however often its fragments are spread.  It is done before
GraphQL's own validation, which can be made to work for seconds.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

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
from gateway.execution.overlaps import collected, fragments_of, overlaps
from gateway.execution.refusals import Stage, refusal
from schema.errors import ErrorCode

INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(slots=True)
class Shape:
    """What a selection comes to; not changed once all of it is added."""

    depth: int = 0
    nesting: int = 0
    selections: int = 0
    aliases: int = 0
    introspects: bool = False

    def add(self, part: "Shape", *, below: int = 0) -> None:
        """Add what is selected beside the rest, or so many fields `below`."""
        self.depth = max(self.depth, part.depth + below)
        self.nesting = max(self.nesting, part.nesting)
        self.selections += part.selections
        self.aliases += part.aliases
        self.introspects = self.introspects or part.introspects


class Measuring:
    """Measures one document.  Raises `RefusedError` where it is beyond a limit."""

    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        self._limits = limits
        self._document = document
        self._fragments = fragments_of(document)
        self._known: dict[str, Shape] = {}
        self._open: set[str] = set()  # fragments being measured
        self._begun: list[SelectionSetNode] = []
        self._directives = self._values = self._variables = self._spreads = 0
        self.visited = 0  # selections that were looked at: the work

    def measure(self) -> Shape:
        """Return the sum of the operations, and of the fragments that none of them spreads."""
        definitions = self._document.definitions
        self._check("definitions", len(definitions))
        operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        self._check("operations", len(operations))
        total = Shape()
        for root in self._roots():
            if isinstance(root, OperationDefinitionNode):
                total.add(self._operation(root))
            else:
                total.add(self._fragment(root.name.value, 0))
            self._check_sum(total)
            self._begun.append(root.selection_set)
        return total

    def check_overlaps(self, ambiguous: Container[str] = ()) -> bool:
        """Check how much has to be compared, once it is measured how much there is.

        Return whether anything has to; names are `ambiguous` as `ambiguous_in` says.
        """
        most = self._limits.comparisons
        found = overlaps(self._begun, self._fragments, most, ambiguous)
        self._check("comparisons", found.pairs)
        return found.differ

    def _roots(self) -> Iterator[OperationDefinitionNode | FragmentDefinitionNode]:
        """Yield what nothing before it has led to."""
        for each in self._document.definitions:
            if isinstance(each, OperationDefinitionNode):
                yield each
        for name, fragment in self._fragments.items():
            if name not in self._known:
                yield fragment

    def _operation(self, operation: OperationDefinitionNode) -> Shape:
        self._check_directives(operation)
        self._variables += len(operation.variable_definitions or ())
        self._check("variables", self._variables)
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
        if name in self._open:
            reason = f"Cannot spread fragment '{name}' within itself"
            raise refusal(Stage.VALIDATION, ErrorCode.GRAPHQL_VALIDATION_FAILED, reason)
        fragment = self._fragments.get(name)
        if fragment is None:  # for the validation to tell
            return Shape()
        self._open.add(name)
        self._check_directives(fragment)
        shape = self._known[name] = self._selections(fragment.selection_set, level + 1)
        self._open.discard(name)
        return shape

    def _selections(self, selections: SelectionSetNode, level: int) -> Shape:
        """Return the sum of what is selected, `level` selections below where this began."""
        self._check("nesting", level, ErrorCode.QUERY_TOO_DEEP)
        total = Shape()
        for selection in selections.selections:
            self.visited += 1
            if selection.directives:
                self._check_directives(selection)
            self._add(total, selection, level)
            self._check_sum(total)
        total.nesting += 1
        self._check("nesting", total.nesting, ErrorCode.QUERY_TOO_DEEP)
        return total

    def _add(self, total: Shape, selection: SelectionNode, level: int) -> None:
        total.selections += 1
        if isinstance(selection, FieldNode):
            self._add_field(total, selection, level)
        elif isinstance(selection, InlineFragmentNode):
            total.add(self._selections(selection.selection_set, level + 1))
        elif isinstance(selection, FragmentSpreadNode):
            self._spreads += 1
            self._check("spreads", self._spreads)
            total.add(self._fragment(selection.name.value, level))

    def _add_field(self, total: Shape, node: FieldNode, level: int) -> None:
        for argument in node.arguments or ():
            self._check_value(argument.value)
        total.aliases += node.alias is not None
        total.depth = max(total.depth, 1)
        total.introspects = total.introspects or node.name.value in INTROSPECTION
        if node.selection_set is not None:
            total.add(self._selections(node.selection_set, level + 1), below=1)

    def _check_sum(self, total: Shape) -> None:
        limits = self._limits
        if total.depth > limits.depth:
            raise limits.exceeded("depth", total.depth, ErrorCode.QUERY_TOO_DEEP)
        if total.selections > limits.selections:
            raise limits.exceeded("selections", total.selections, ErrorCode.QUERY_TOO_COSTLY)
        if total.aliases > limits.aliases:
            raise limits.exceeded("aliases", total.aliases)

    def _check_directives(self, node: Node) -> None:
        directives = getattr(node, "directives", None) or ()
        self._directives += len(directives)
        self._check("directives_per_place", len(directives))
        self._check("directives", self._directives)
        for directive in directives:
            for argument in directive.arguments or ():
                self._check_value(argument.value)

    def _check_value(self, value: ValueNode, depth: int = 1) -> None:
        self._values += 1
        self._check("values", self._values)
        for each in _values_in(value):
            self._check("value_depth", depth, ErrorCode.QUERY_TOO_DEEP)
            self._check_value(each, depth + 1)

    def _check(self, name: str, found: int, code: ErrorCode = ErrorCode.QUERY_TOO_COMPLEX) -> None:
        if found > getattr(self._limits, name):
            raise self._limits.exceeded(name, found, code)


def root_calls(
    definition: ExecutableDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Mapping[str, str]:
    """Return the fields that are called at the top of an operation, by their response names."""
    fields = collected([definition.selection_set], fragments)
    return {name: nodes[0].name.value for name, nodes in fields.items()}


def _values_in(value: ValueNode) -> Iterator[ValueNode]:
    if isinstance(value, ListValueNode):
        yield from value.values
    elif isinstance(value, ObjectValueNode):
        yield from (each.value for each in value.fields)
