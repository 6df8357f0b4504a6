"""What is wrong with a document, found in one walk.

GraphQL's own validation takes thirty microseconds and more for each field, for it asks some thirty
rules of every node.  Here most are asked in our own walk, in the words of each rule; the others
are asked of those nodes alone that concern them (`rules`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

from graphql import (
    ArgumentNode,
    DocumentNode,
    ExecutableDefinitionNode,
    FieldNode,
    FieldsOnCorrectTypeRule,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    KnownArgumentNamesRule,
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
    ValueNode,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    do_types_overlap,
    get_named_type,
    is_composite_type,
    is_input_type,
    is_introspection_type,
    is_leaf_type,
    is_required_argument,
    type_from_ast,
)
from graphql.utilities import validate_input_literal
from graphql.validation import ASTValidationRule

from gateway.execution.overlaps import fragments_of
from gateway.execution.rules import Report, Rules
from gateway.execution.usages import ANYWHERE, Position, Usages, position_of

INTROSPECTION = frozenset({"__schema", "__type"})


class _FoundError(Exception):
    """One mistake of a value is enough: telling it prints all of the value."""


class Screening:
    """Screens one document, and reports what it finds; every finding is one of validation's own.

    Of values it reports one mistake.  Fields are compared only if some `merge`.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        report: Report,
        *,
        merge: bool = True,
    ) -> None:
        self._schema = schema
        self._document = document
        self._fragments = fragments_of(document)
        self._report = report
        self._merge = merge
        self._rules = Rules(schema, document, report)
        self._usages = Usages(schema, self._fragments, report)
        self._has_bad_value = False
        self._definition: ExecutableDefinitionNode  # that is walked through

    def screen(self) -> None:
        """Walk through all definitions."""
        self._rules.check_definitions()
        for each in self._document.definitions:
            if isinstance(each, OperationDefinitionNode):
                self._definition = each
                for variable in each.variable_definitions or ():
                    self._check_variable(variable)
                self._check_directives(each)
                self._selections(each.selection_set, self._schema.get_root_type(each.operation))
            elif isinstance(each, FragmentDefinitionNode):
                self._definition = each
                self._check_directives(each)
                self._selections(each.selection_set, self._type(each.type_condition))
        self._usages.check(self._document.definitions)

    def _check_variable(self, variable: VariableDefinitionNode) -> None:
        self._check_type(variable.type)
        self._rules.check_variable(variable)
        if variable.default_value is not None:
            kind = type_from_ast(self._schema, variable.type)
            position = Position(kind) if is_input_type(kind) else ANYWHERE
            self._check_value(variable.default_value, position)
        if variable.directives:
            self._check_directives(variable)

    def _selections(
        self, selections: SelectionSetNode, parent: GraphQLNamedType | None, *, inline: bool = False
    ) -> None:
        """Check what is selected of `parent`; where nothing can be, what holds for every type."""
        if not is_composite_type(parent):
            parent = None
        if self._merge and not inline:
            self._rules.check_merging(selections, parent)
        for node in selections.selections:
            if node.directives:
                self._check_directives(node)
            if isinstance(node, FieldNode):
                self._field(node, parent)
            elif isinstance(node, InlineFragmentNode):
                self._inline(node, parent)
            else:
                self._spread(node, parent)  # type: ignore[arg-type]  # there is no other

    def _inline(self, node: InlineFragmentNode, parent: GraphQLNamedType | None) -> None:
        on = parent
        if node.type_condition:
            on = self._type(node.type_condition)
            self._rules.check_condition(node)
        self._check_overlap("Fragment", node, on, parent)
        self._selections(node.selection_set, on, inline=True)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> None:
        name, below, field = node.name.value, None, None
        if parent is not None:
            field = self._schema.get_field(parent, name)  # type: ignore[arg-type]  # a leaf has none
            if field is None:
                message = f"Cannot query field '{name}' on type '{parent}'."
                self._found(FieldsOnCorrectTypeRule, message, node)
            else:
                below = get_named_type(field.type)
                self._check_leaf(node, field)
                if name in INTROSPECTION:
                    self._rules.check_introspection(node)
        if node.arguments or (field is not None and field.args):
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
        self, node: FieldNode, field: GraphQLField | None, parent: GraphQLNamedType | None
    ) -> None:
        given = node.arguments or ()
        known = field.args if field is not None else {}
        self._check_given(given, known)
        if field is None:
            return
        names = set[str]()
        for each in given:
            name = each.name.value
            names.add(name)
            if name not in known:
                message = f"Unknown argument '{name}' on field '{parent}.{node.name.value}'."
                self._found(KnownArgumentNamesRule, message, each)
        for name, argument in known.items():
            if name not in names and is_required_argument(argument):
                of = "<meta>" if is_introspection_type(get_named_type(field.type)) else parent
                message = (
                    f"Argument '{of}.{node.name.value}({name}:)' of type '{argument.type}' is "
                    "required, but it was not provided."
                )
                self._found(ProvidedRequiredArgumentsRule, message, node)

    def _check_given(
        self, given: Sequence[ArgumentNode], known: Mapping[str, GraphQLArgument]
    ) -> None:
        """Check the arguments of a field or a directive, whose own these are, as far as known."""
        for argument in given:
            self._check_value(argument.value, position_of(known.get(argument.name.value)))
        if len({argument.name.value for argument in given}) < len(given):
            self._check_repeated(given)

    def _check_value(self, value: ValueNode, position: Position) -> None:
        self._usages.note(self._definition, value, position)
        if position.kind is None or self._has_bad_value:
            return
        with suppress(_FoundError):
            validate_input_literal(
                value, position.kind, self._found_bad_value, hide_suggestions=True
            )

    def _found_bad_value(self, error: GraphQLError, _path: object) -> None:
        self._has_bad_value = True
        self._report(ValuesOfCorrectTypeRule, error)
        raise _FoundError

    def _check_repeated(self, arguments: Sequence[ArgumentNode]) -> None:
        for name, count in Counter(each.name.value for each in arguments).items():
            if count > 1:
                nodes = [each.name for each in arguments if each.name.value == name]
                message = f"There can be only one argument named '{name}'."
                self._report(UniqueArgumentNamesRule, GraphQLError(message, nodes))

    def _check_directives(self, node: Node) -> None:
        directives = getattr(node, "directives", None)
        if not directives:
            return
        self._rules.check_directives(node, self._definition)
        for directive in directives:
            known = self._schema.get_directive(directive.name.value)
            self._check_given(directive.arguments or (), known.args if known else {})

    def _spread(self, node: FragmentSpreadNode, parent: GraphQLNamedType | None) -> None:
        name = node.name.value
        self._usages.note_spread(self._definition, name)
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
