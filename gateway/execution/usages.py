"""Variables and fragments that are named but not defined, or defined and never used."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    ExecutableDefinitionNode,
    FragmentDefinitionNode,
    GraphQLError,
    ListValueNode,
    NoUndefinedVariablesRule,
    NoUnusedFragmentsRule,
    NoUnusedVariablesRule,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
)
from graphql.validation import ASTValidationRule

Finding = tuple[type[ASTValidationRule], GraphQLError]


@dataclass(slots=True)
class Usages:
    """What a document's definitions use, noted while it is walked through."""

    document: DocumentNode
    spreads: set[str] = field(default_factory=set)
    variables: Mapping[int, list[VariableNode]] = field(default_factory=lambda: defaultdict(list))

    def note(self, definition: ExecutableDefinitionNode, value: ValueNode) -> None:
        """Note the variables in a value that stands somewhere in a definition."""
        if isinstance(value, VariableNode):
            self.variables[id(definition)].append(value)
        elif isinstance(value, ListValueNode):
            for entry in value.values:
                self.note(definition, entry)
        elif isinstance(value, ObjectValueNode):
            for each in value.fields:
                self.note(definition, each.value)

    def findings(self) -> Iterator[Finding]:
        """Yield what is certainly wrong: which fragment belongs to which operation is not asked."""
        in_fragments = set[str]()
        for each in self.document.definitions:
            if isinstance(each, FragmentDefinitionNode):
                in_fragments |= {node.name.value for node in self.variables[id(each)]}
                if each.name.value not in self.spreads:
                    message = f"Fragment '{each.name.value}' is never used."
                    yield NoUnusedFragmentsRule, GraphQLError(message, each)
        for each in self.document.definitions:
            if isinstance(each, OperationDefinitionNode):
                yield from self._of_operation(each, in_fragments)

    def _of_operation(
        self, operation: OperationDefinitionNode, in_fragments: set[str]
    ) -> Iterator[Finding]:
        used = self.variables[id(operation)]
        names = in_fragments | {node.name.value for node in used}
        name = f" operation '{operation.name.value}'" if operation.name else ""
        defined = set[str]()
        for each in operation.variable_definitions or ():
            defined.add(each.variable.name.value)
            if each.variable.name.value not in names:
                where = f" in{name}" if name else ""
                message = f"Variable '${each.variable.name.value}' is never used{where}."
                yield NoUnusedVariablesRule, GraphQLError(message, each)
        for node in used:
            if node.name.value not in defined:
                where = f" by{name}" if name else ""
                message = f"Variable '${node.name.value}' is not defined{where}."
                yield NoUndefinedVariablesRule, GraphQLError(message, [node, operation])
