"""What most wrong documents get wrong, found in one walk.

GraphQL's own validation takes thirty microseconds and more for each field, for it asks some thirty
rules of every node.  The few that nearly every wrong document breaks are asked here first, each in
the words of its rule, so that refusing costs little.  Where this finds nothing, all are asked.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from graphql import (
    ArgumentNode,
    DocumentNode,
    ExecutableDefinitionNode,
    FieldNode,
    FieldsOnCorrectTypeRule,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    KnownArgumentNamesRule,
    KnownDirectivesRule,
    KnownFragmentNamesRule,
    KnownTypeNamesRule,
    NamedTypeNode,
    Node,
    OperationDefinitionNode,
    PossibleFragmentSpreadsRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
    SelectionSetNode,
    TypeNode,
    UniqueArgumentNamesRule,
    ValuesOfCorrectTypeRule,
    do_types_overlap,
    get_named_type,
    is_composite_type,
    is_introspection_type,
    is_leaf_type,
    is_required_argument,
)
from graphql.utilities import validate_input_literal
from graphql.validation import ASTValidationRule

from gateway.execution.overlaps import fragments_of
from gateway.execution.usages import Usages

Report = Callable[[type[ASTValidationRule], GraphQLError], None]


class Screening:
    """Screens one document, and reports what it finds; every finding is one of validation's own."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, report: Report) -> None:
        self._schema = schema
        self._document = document
        self._fragments = fragments_of(document)
        self._report = report
        self._usages = Usages(document)

    def screen(self) -> None:
        """Walk through all definitions."""
        for each in self._document.definitions:
            if isinstance(each, ExecutableDefinitionNode):
                self._definition = each
            if isinstance(each, OperationDefinitionNode):
                for variable in each.variable_definitions or ():
                    self._check_type(variable.type)
                    self._check_directives(variable)
                self._check_directives(each)
                self._selections(each.selection_set, self._schema.get_root_type(each.operation))
            elif isinstance(each, FragmentDefinitionNode):
                self._check_directives(each)
                self._selections(each.selection_set, self._type(each.type_condition))
        for rule, error in self._usages.findings():
            self._report(rule, error)

    def _selections(self, selections: SelectionSetNode, parent: GraphQLNamedType | None) -> None:
        """Check what is selected of `parent`; where nothing can be, what holds for every type."""
        if not is_composite_type(parent):
            parent = None
        for node in selections.selections:
            if node.directives:
                self._check_directives(node)
            if isinstance(node, FieldNode):
                self._field(node, parent)
            elif isinstance(node, InlineFragmentNode):
                on = self._type(node.type_condition) if node.type_condition else parent
                self._check_overlap("Fragment", node, on, parent)
                self._selections(node.selection_set, on)
            else:
                self._spread(node, parent)  # type: ignore[arg-type]  # there is no other

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> None:
        name, below = node.name.value, None
        for argument in node.arguments or ():
            self._usages.note(self._definition, argument.value)
        if parent is not None:
            field = self._schema.get_field(parent, name)  # type: ignore[arg-type]  # a leaf has none
            if field is None:
                message = f"Cannot query field '{name}' on type '{parent}'."
                self._found(FieldsOnCorrectTypeRule, message, node)
            else:
                below = get_named_type(field.type)
                self._check_leaf(node, field)
                if field.args or node.arguments:
                    self._check_arguments(node, field, parent)
        if node.selection_set is not None:
            self._selections(node.selection_set, below)

    def _check_leaf(self, node: FieldNode, field: GraphQLField) -> None:
        name = node.name.value
        if is_leaf_type(get_named_type(field.type)):
            if node.selection_set is not None:
                message = (
                    f"Field '{name}' must not have a selection since type '{field.type}' has no "
                    "subfields."
                )
                self._found(ScalarLeafsRule, message, node.selection_set)
        elif node.selection_set is None:
            message = (
                f"Field '{name}' of type '{field.type}' must have a selection of subfields. "
                f"Did you mean '{name} {{ ... }}'?"
            )
            self._found(ScalarLeafsRule, message, node)

    def _check_arguments(
        self, node: FieldNode, field: GraphQLField, parent: GraphQLNamedType
    ) -> None:
        given = node.arguments or ()
        for argument in given:
            self._check_argument(argument, field, f"{parent}.{node.name.value}")
        names = {argument.name.value for argument in given}
        if len(names) < len(given):
            self._check_repeated(given)
        for name, known in field.args.items():
            if name not in names and is_required_argument(known):
                of = "<meta>" if is_introspection_type(get_named_type(field.type)) else parent
                message = (
                    f"Argument '{of}.{node.name.value}({name}:)' of type '{known.type}' is "
                    "required, but it was not provided."
                )
                self._found(ProvidedRequiredArgumentsRule, message, node)

    def _check_argument(self, argument: ArgumentNode, field: GraphQLField, where: str) -> None:
        known = field.args.get(argument.name.value)
        if known is None:
            message = f"Unknown argument '{argument.name.value}' on field '{where}'."
            self._found(KnownArgumentNamesRule, message, argument)
        else:
            validate_input_literal(
                argument.value,
                known.type,
                lambda error, _path: self._report(ValuesOfCorrectTypeRule, error),
                hide_suggestions=True,
            )

    def _check_repeated(self, arguments: Sequence[ArgumentNode]) -> None:
        for name, count in Counter(each.name.value for each in arguments).items():
            if count > 1:
                nodes = [each.name for each in arguments if each.name.value == name]
                message = f"There can be only one argument named '{name}'."
                self._report(UniqueArgumentNamesRule, GraphQLError(message, nodes))

    def _check_directives(self, node: Node) -> None:
        for directive in getattr(node, "directives", None) or ():
            name = directive.name.value
            for argument in directive.arguments or ():
                self._usages.note(self._definition, argument.value)
            if self._schema.get_directive(name) is None:
                self._found(KnownDirectivesRule, f"Unknown directive '@{name}'.", directive)

    def _spread(self, node: FragmentSpreadNode, parent: GraphQLNamedType | None) -> None:
        name = node.name.value
        self._usages.spreads.add(name)
        fragment = self._fragments.get(name)
        if fragment is None:
            self._found(KnownFragmentNamesRule, f"Unknown fragment '{name}'.", node.name)
        else:
            on = self._schema.get_type(fragment.type_condition.name.value)
            self._check_overlap(f"Fragment '{name}'", node, on, parent)

    def _check_overlap(
        self,
        what: str,
        node: Node,
        on: GraphQLNamedType | None,
        parent: GraphQLNamedType | None,
    ) -> None:
        if not is_composite_type(on) or not is_composite_type(parent):
            return
        if not do_types_overlap(self._schema, on, parent):
            message = (
                f"{what} cannot be spread here as objects of type '{parent}' can never be of "
                f"type '{on}'."
            )
            self._found(PossibleFragmentSpreadsRule, message, node)

    def _check_type(self, node: TypeNode) -> None:
        while not isinstance(node, NamedTypeNode):
            node = node.type  # type: ignore[attr-defined]  # a list or non-null
        self._type(node)

    def _type(self, node: NamedTypeNode) -> GraphQLNamedType | None:
        found = self._schema.get_type(node.name.value)
        if found is None:
            self._found(KnownTypeNamesRule, f"Unknown type '{node.name.value}'.", node)
        return found

    def _found(self, rule: type[ASTValidationRule], message: str, node: Node) -> None:
        self._report(rule, GraphQLError(message, node))
