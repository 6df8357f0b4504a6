"""GraphQL-core's own rules, each asked of the nodes that concern it, and of no other.

Validation asks some thirty rules of every node.  Most of them look at few: at definitions, at
directives, at selections in which a name comes twice.
"""

from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any, TypeVar

from graphql import (
    ASTValidationRule,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentsOnCompositeTypesRule,
    GraphQLError,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    KnownArgumentNamesRule,
    KnownDirectivesRule,
    KnownOperationTypesRule,
    LoneAnonymousOperationRule,
    MaxIntrospectionDepthRule,
    Node,
    OperationDefinitionNode,
    OperationType,
    OverlappingFieldsCanBeMergedRule,
    ProvidedRequiredArgumentsRule,
    SelectionSetNode,
    SingleFieldSubscriptionsRule,
    TypeInfo,
    UniqueDirectivesPerLocationRule,
    UniqueFragmentNamesRule,
    UniqueOperationNamesRule,
    UniqueVariableNamesRule,
    VariableDefinitionNode,
    VariablesAreInputTypesRule,
)
from graphql.validation import ValidationContext

R = TypeVar("R", bound=ASTValidationRule)
Rule = type[ASTValidationRule]
Report = Callable[[Rule, GraphQLError], None]


class _Context(ValidationContext):
    """What rules ask for; whoever walks through the document tells where it stands."""

    parent: GraphQLNamedType | None = None

    def get_parent_type(self) -> Any:
        return self.parent


class Rules:
    """The rules of one document, made when they are asked; `report` is told what they find."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, report: Report) -> None:
        self._document = document
        self._report = report
        types = TypeInfo(schema)
        types.enter_document(document)  # from now on it knows the fragments
        self._shared = _Context(schema, document, types, lambda _: None, hide_suggestions=True)
        self._made: dict[Rule, ASTValidationRule] = {}

    def check_definitions(self) -> None:
        """Check what each definition is, whatever is selected in it."""
        self._rule(LoneAnonymousOperationRule).enter_document(self._document)
        for each in self._document.definitions:
            if isinstance(each, OperationDefinitionNode):
                self._check_operation(each)
            elif isinstance(each, FragmentDefinitionNode):
                self._rule(UniqueFragmentNamesRule).enter_fragment_definition(each)
                self._rule(FragmentsOnCompositeTypesRule).enter_fragment_definition(each)

    def _check_operation(self, node: OperationDefinitionNode) -> None:
        self._rule(LoneAnonymousOperationRule).enter_operation_definition(node)
        self._rule(UniqueOperationNamesRule).enter_operation_definition(node)
        self._rule(KnownOperationTypesRule).enter_operation_definition(node)
        if node.variable_definitions:
            self._rule(UniqueVariableNamesRule).enter_operation_definition(node)
        if node.operation is OperationType.SUBSCRIPTION:
            self._rule(SingleFieldSubscriptionsRule).enter_operation_definition(node)

    def check_variable(self, node: VariableDefinitionNode) -> None:
        """Check the type of a variable."""
        self._rule(VariablesAreInputTypesRule).enter_variable_definition(node)

    def check_condition(self, node: InlineFragmentNode) -> None:
        """Check on what an inline fragment is."""
        self._rule(FragmentsOnCompositeTypesRule).enter_inline_fragment(node)

    def check_introspection(self, node: FieldNode) -> None:
        """Check how deep a field asks for the schema."""
        self._rule(MaxIntrospectionDepthRule).enter_field(node)

    def check_directives(self, node: Node, within: Node | None = None) -> None:
        """Check that the directives of `node` may stand there; it is itself `within` another."""
        self._rule(UniqueDirectivesPerLocationRule).enter(node)
        for directive in getattr(node, "directives", None) or ():
            self._check_directive(directive, [within, None, node])

    def _check_directive(self, directive: DirectiveNode, ancestors: list[Any]) -> None:
        self._rule(KnownDirectivesRule).enter_directive(directive, None, None, None, ancestors)
        self._rule(KnownArgumentNamesRule).enter_directive(directive)
        self._rule(ProvidedRequiredArgumentsRule).leave_directive(directive)

    def check_merging(self, node: SelectionSetNode, parent: GraphQLNamedType | None) -> None:
        """Check that fields of one name can be merged, here and below."""
        rule = self._rule(OverlappingFieldsCanBeMergedRule)
        rule.context.parent = parent  # type: ignore[attr-defined]  # it is one of ours
        rule.enter_selection_set(node, None, None)

    def _rule(self, kind: type[R]) -> R:
        made = self._made.get(kind)
        if made is None:
            context = copy(self._shared)
            context.on_error = partial(self._report, kind)  # type: ignore[method-assign]  # as its own does
            made = self._made[kind] = kind(context)
        return made  # type: ignore[return-value]  # it is of its kind
