"""Parsing of values, and of what has values: arguments and directives."""

import re
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    EnumValueNode,
    FloatValueNode,
    GraphQLSyntaxError,
    IntValueNode,
    ListValueNode,
    Location,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from gateway.execution.texts import Text
from gateway.execution.tokens import FLOAT, IGNORED, INT, NAME, NO_NUMBER, PLAIN_STRING, string_at

_ARGUMENT = re.compile(f"({NAME}){IGNORED}:{IGNORED}")
_VALUE = re.compile(
    rf"(?:({NAME})|({PLAIN_STRING})|({INT}){NO_NUMBER}|\$({IGNORED})({NAME})|({FLOAT}){NO_NUMBER})"
    rf"{IGNORED}"
)
_A_NAME, _STRING, _INT, _DOLLAR, _VARIABLE, _FLOAT = range(1, 7)
_LITERALS = {"true": True, "false": False}


class Literals(Text):
    """Reads values, each simple one by one pattern."""

    def _variable(self) -> VariableNode:
        start = self._at
        self._expect("$")
        name = self._named()
        return VariableNode(loc=self._place(start), name=name)

    def _directives(self, *, is_const: bool) -> tuple[DirectiveNode, ...]:
        directives = []
        while self._next() == "@":
            start, told = self._at, dict[str, Any]()
            self._advance(1)
            told["name"] = self._shared(self._name()[1])
            if self._next() == "(":
                argument = self._const_argument if is_const else self._argument
                told["arguments"] = self._many("(", argument, ")")
            directives.append(DirectiveNode(loc=self._place(start), **told))
        return tuple(directives)

    def _const_argument(self) -> ArgumentNode:
        return self._argument(is_const=True)

    def _argument(self, *, is_const: bool = False) -> ArgumentNode:
        start = self._at
        name = self._label()
        value = self._value(is_const=is_const)
        return ArgumentNode(loc=self._place(start), name=name, value=value)

    def _label(self) -> NameNode:
        """Read a name and the colon behind it."""
        start, found = self._at, _ARGUMENT.match(self._text, self._at)
        if found is None:
            self._name()
            raise self._expected("':'")
        self._at = found.end()
        return NameNode(loc=self._place(start, found.end(1)), value=found[1])

    def _value(self, *, is_const: bool) -> ValueNode:
        start = self._at
        found = _VALUE.match(self._text, start)
        if found is None:
            return self._other_value(is_const=is_const)
        kind = found.lastindex or 0
        self._end, self._at = found.end(kind), found.end()
        loc, told = self._place(start), found[kind]
        if kind == _A_NAME:
            return self._named_value(loc, told)
        if kind == _STRING:
            return StringValueNode(loc=loc, value=told[1:-1], block=False)
        if kind == _VARIABLE:
            if is_const:
                message = f"Unexpected variable '${told}' in constant value."
                raise GraphQLSyntaxError(self._source, start, message)
            return VariableNode(loc=loc, name=self._shared(told))
        return (IntValueNode if kind == _INT else FloatValueNode)(loc=loc, value=told)

    @staticmethod
    def _named_value(loc: Location, told: str) -> ValueNode:
        if told in _LITERALS:
            return BooleanValueNode(loc=loc, value=_LITERALS[told])
        if told == "null":
            return NullValueNode(loc=loc)
        return EnumValueNode(loc=loc, value=told)

    def _other_value(self, *, is_const: bool) -> ValueNode:
        """Read a list, an object, or a string that is not plain."""
        start, char = self._at, self._next()
        if char == "[":
            values = self._any("[", lambda: self._value(is_const=is_const), "]")
            return ListValueNode(loc=self._place(start), values=values)
        if char == "{":
            fields = self._any("{", lambda: self._object_field(is_const=is_const), "}")
            return ObjectValueNode(loc=self._place(start), fields=fields)
        if char == '"':
            return self._string()
        if char == "$" and not is_const:
            self._advance(1)
            self._name()  # there is none
        raise self._unexpected(start)

    def _object_field(self, *, is_const: bool) -> ObjectFieldNode:
        start = self._at
        name = self._label()
        value = self._value(is_const=is_const)
        return ObjectFieldNode(loc=self._place(start), name=name, value=value)

    def _string(self) -> StringValueNode:
        start = self._at
        value, end, is_block = string_at(self._source, start)
        self._advance(end - start)
        return StringValueNode(loc=self._place(start), value=value, block=is_block)
