"""Parsing of what can be run: fields, arguments and values are each read by one pattern.

GraphQL-core's parser reads character by character and makes an object of every token: five
microseconds for each, which is most of what refusing a document costs.  This one makes the same
tree in a third of the time, and tells mistakes in the same words (`tokens`).  What is left of a
document is less, too: places are no garbage collector's business, as they lead nowhere, and of
equal names that no error points at there is one.  Every full collection looks through all
documents that are remembered, and nobody is answered meanwhile.
"""

import re
from typing import Any

from graphql import (
    DefinitionNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    ListTypeNode,
    NamedTypeNode,
    NameNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    VariableDefinitionNode,
)

from gateway.execution.literals import Literals
from gateway.execution.texts import NAMED, Names
from gateway.execution.tokens import IGNORED, NAME

_FIELD = re.compile(f"({NAME}){IGNORED}(?::{IGNORED}({NAME}){IGNORED})?")
_OPERATIONS = {each.value: each for each in OperationType}
_OF_TYPES = frozenset(
    ("schema", "scalar", "type", "interface", "union", "enum", "input", "directive", "extend")
)
_MORE = frozenset("(@{:")  # what may follow a field's name
_NO_NAMES: Names = {}


class NotExecutableError(GraphQLError):
    """A document that defines a type is not one to be run."""


def names_of(schema: GraphQLSchema) -> Names:
    """Return a node for each name that a document over this schema has many times."""
    kinds = schema.type_map.values()
    fields = (name for kind in kinds for name in getattr(kind, "fields", ()))
    names = {*schema.type_map, *fields, *(each.name for each in schema.directives)}
    return {name: NameNode(value=name) for name in names}


def parsed(text: str, names: Names = _NO_NAMES) -> DocumentNode:
    """Return the tree of what can be run.

    `names` are what several documents may share: at them no error ever points.
    Raises `GraphQLSyntaxError`, `NotExecutableError` and `RecursionError`.
    """
    return _Parser(text, names).document()


class _Parser(Literals):
    """Reads definitions and selections."""

    def document(self) -> DocumentNode:
        definitions = [self._definition()]
        while self._at < len(self._text):
            definitions.append(self._definition())
        self._end = len(self._text)
        return DocumentNode(loc=self._place(0), definitions=tuple(definitions))

    def _definition(self) -> DefinitionNode:
        start, description = self._at, None
        if self._next() == '"':
            description = self._string()
        if self._next() == "{":
            why = "descriptions are not supported on shorthand queries"
            self._refuse_description(start, description, why)
            return self._operation(start, OperationType.QUERY)
        begin = self._at
        keyword = found[1] if (found := NAMED.match(self._text, begin)) else ""
        if keyword in _OPERATIONS or keyword == "fragment":
            self._name()
            if keyword == "fragment":
                return self._fragment_definition(start, description)
            return self._operation(start, _OPERATIONS[keyword], description, is_short=False)
        if keyword in _OF_TYPES:
            raise self._not_executable(start, keyword)
        if keyword:
            self._refuse_description(
                start, description, "only GraphQL definitions support descriptions"
            )
        raise self._unexpected(begin)

    def _operation(
        self,
        start: int,
        operation: OperationType,
        description: StringValueNode | None = None,
        *,
        is_short: bool = True,
    ) -> OperationDefinitionNode:
        told: dict[str, Any] = {"operation": operation}
        if not is_short:
            if description:
                told["description"] = description
            if NAMED.match(self._text, self._at):
                told["name"] = self._named()
            if self._next() == "(":
                told["variable_definitions"] = self._many("(", self._variable_definition, ")")
            if self._next() == "@":
                told["directives"] = self._directives(is_const=False)
        told["selection_set"] = self._selection_set()
        return OperationDefinitionNode(loc=self._place(start), **told)

    def _variable_definition(self) -> VariableDefinitionNode:
        start, told = self._at, dict[str, Any]()
        if self._next() == '"':
            told["description"] = self._string()
        told["variable"] = self._variable()
        self._expect(":")
        told["type"] = self._type()
        if self._next() == "=":
            self._advance(1)
            told["default_value"] = self._value(is_const=True)
        if self._next() == "@":
            told["directives"] = self._directives(is_const=True)
        return VariableDefinitionNode(loc=self._place(start), **told)

    def _fragment_definition(
        self, start: int, description: StringValueNode | None
    ) -> FragmentDefinitionNode:
        told: dict[str, Any] = {"variable_definitions": ()}
        if description:
            told["description"] = description
        found = NAMED.match(self._text, self._at)
        if found and found[1] == "on":
            raise self._unexpected(self._at)
        told["name"] = self._named()
        found = NAMED.match(self._text, self._at)
        if found is None or found[1] != "on":
            raise self._expected("'on'")
        self._name()
        told["type_condition"] = self._named_type()
        if self._next() == "@":
            told["directives"] = self._directives(is_const=False)
        told["selection_set"] = self._selection_set()
        return FragmentDefinitionNode(loc=self._place(start), **told)

    def _selection_set(self) -> SelectionSetNode:
        start, text = self._at, self._text
        self._expect("{")
        selections: list[SelectionNode] = []
        while (char := text[self._at : self._at + 1]) != "}":
            selections.append(self._fragment() if char == "." else self._field())
        self._advance(1)
        return SelectionSetNode(loc=self._place(start), selections=tuple(selections))

    def _field(self) -> FieldNode:
        start, text, names = self._at, self._text, self._names
        found = _FIELD.match(text, start)
        if found is None:
            raise self._expected("Name")
        first, second = found.groups()
        self._end, self._at = found.end(2 if second else 1), found.end()
        told: dict[str, Any] = {}
        if second:
            told["alias"] = names.get(first) or self._shared(first)
        if (char := text[self._at : self._at + 1]) in _MORE:
            self._read_more(told, char)
        name = second or first
        told["name"] = names.get(name) or self._shared(name)
        return FieldNode(loc=self._place(start), **told)

    def _read_more(self, told: dict[str, Any], char: str) -> None:
        """Read what a field has beside its name."""
        if char == ":" and "alias" not in told:
            self._advance(1)
            self._name()  # there is none
        if char == "(":
            told["arguments"] = self._many("(", self._argument, ")")
            char = self._next()
        if char == "@":
            told["directives"] = self._directives(is_const=False)
            char = self._next()
        if char == "{":
            told["selection_set"] = self._selection_set()

    def _fragment(self) -> FragmentSpreadNode | InlineFragmentNode:
        start, told = self._at, dict[str, Any]()
        self._expect("...")
        found = NAMED.match(self._text, self._at)
        if found and found[1] != "on":
            told["name"] = self._named()
            if self._next() == "@":
                told["directives"] = self._directives(is_const=False)
            return FragmentSpreadNode(loc=self._place(start), **told)
        if found:
            self._name()
            told["type_condition"] = self._named_type()
        if self._next() == "@":
            told["directives"] = self._directives(is_const=False)
        told["selection_set"] = self._selection_set()
        return InlineFragmentNode(loc=self._place(start), **told)

    def _type(self) -> NamedTypeNode | ListTypeNode | NonNullTypeNode:
        start = self._at
        if self._next() == "[":
            self._advance(1)
            inner = self._type()
            self._expect("]")
            made: NamedTypeNode | ListTypeNode = ListTypeNode(loc=self._place(start), type=inner)
        else:
            made = self._named_type()
        if self._next() != "!":
            return made
        self._advance(1)
        return NonNullTypeNode(loc=self._place(start), type=made)

    def _named_type(self) -> NamedTypeNode:
        start = self._at
        name = self._shared(self._name()[1])
        return NamedTypeNode(loc=self._place(start), name=name)

    def _refuse_description(
        self, start: int, description: StringValueNode | None, why: str
    ) -> None:
        if description is not None:
            raise GraphQLSyntaxError(self._source, start, f"Unexpected description, {why}.")

    def _not_executable(self, start: int, keyword: str) -> NotExecutableError:
        self._name()
        if keyword == "extend":
            keyword = self._name()[1]
        found = NAMED.match(self._text, self._at)
        what = "schema" if keyword == "schema" or found is None else f"'{found[1]}'"
        message = f"The {what} definition is not executable."
        return NotExecutableError(message, source=self._source, positions=[start])
