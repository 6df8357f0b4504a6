"""The values of variables, coerced: what stays the same for an operation is worked out once.

What graphql-core finds in order is made here by short functions, one for each type.  Whatever is
out of the ordinary (what is wrong, and what is merely odd) is `Undefined` to them, and the
variables are then left to graphql-core as a whole, so that its messages are its own.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from graphql import (
    GraphQLError,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    get_nullable_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution import get_variable_values
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value

Coerce: TypeAlias = Callable[[Any], Any]
_UNCHANGING = (str, int, float, bool, Enum, type(None))


@dataclass(frozen=True, slots=True)
class _Variable:
    """One variable: what it is without a value, and how a value is coerced."""

    signature: GraphQLVariableSignature
    unsaid: VariableValueSource
    may_be_unsaid: bool
    default: Any
    coerce: Coerce


class Variables:
    """The variables of one operation."""

    def __init__(
        self,
        schema: GraphQLSchema,
        definitions: Collection[VariableDefinitionNode],
        *,
        hides_suggestions: bool,
    ) -> None:
        self._schema = schema
        self._definitions = definitions
        self._hides_suggestions = hides_suggestions
        self._known: Sequence[_Variable] | None = None

    def coerced(
        self, sent: Mapping[str, Any], *, most_errors: int
    ) -> VariableValues | list[GraphQLError]:
        """Return the values, or what is wrong with them, as `get_variable_values` does."""
        if self._known is None:
            self._known = self._learnt()
        made = self._made(sent) if len(self._known) == len(self._definitions) else None
        return made or get_variable_values(
            self._schema,
            self._definitions,
            dict(sent),
            max_errors=most_errors,
            hide_suggestions=self._hides_suggestions,
        )

    def _learnt(self) -> Sequence[_Variable]:
        """Return the variables that can be coerced here."""
        found = [_variable(self._schema, each) for each in self._definitions]
        return [each for each in found if each is not None]

    def _made(self, sent: Mapping[str, Any]) -> VariableValues | None:
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for each in self._known or ():
            name = each.signature.name
            value = sent.get(name, Undefined)
            if value is Undefined:
                if not each.may_be_unsaid:
                    return None
                sources[name] = each.unsaid
                if each.default is not Undefined:
                    coerced[name] = each.default
                continue
            made = each.coerce(value)
            if made is Undefined:
                return None
            sources[name] = VariableValueSource(each.signature, value)
            coerced[name] = made
        return VariableValues(sources, coerced)


def _variable(schema: GraphQLSchema, definition: VariableDefinitionNode) -> _Variable | None:
    signature = get_variable_signature(schema, definition)
    if isinstance(signature, GraphQLError):
        return None
    coerce = coercing(signature.type)
    default = _default_of(signature)
    if coerce is None or default is None:
        return None
    [value] = default
    may_be_unsaid = value is not Undefined or not is_non_null_type(signature.type)
    return _Variable(signature, VariableValueSource(signature), may_be_unsaid, value, coerce)


def _default_of(told: GraphQLVariableSignature | GraphQLInputField) -> tuple[Any] | None:
    """Return what stands for a value that is not given; None if it is no plain value."""
    try:
        value = coerce_default_value(told)
    except TypeError:  # a default that is none; it is told where it matters
        return None
    return (value,) if value is Undefined or isinstance(value, _UNCHANGING) else None


def coercing(kind: GraphQLInputType, above: tuple[Any, ...] = ()) -> Coerce | None:
    """Return what coerces values of a type, or None where graphql-core had better do it."""
    inner: Any = get_nullable_type(kind)
    null = Undefined if isinstance(kind, GraphQLNonNull) else None
    if is_leaf_type(inner):
        return _leaf(inner.coerce_input_value, null)
    if is_list_type(inner):
        item = coercing(inner.of_type, above)
        return item and _list(item, null)
    return _object(inner, above, null) if is_input_object_type(inner) else None


def _leaf(coerce_input_value: Coerce, null: object) -> Coerce:
    def coerce(value: Any) -> Any:
        if value is None:
            return null
        try:
            return coerce_input_value(value)
        except Exception:  # noqa: BLE001 - it is told by graphql-core
            return Undefined

    return coerce


def _list(item: Coerce, null: object) -> Coerce:
    def coerce(value: Any) -> Any:
        if value.__class__ is not list:
            return null if value is None else Undefined
        made = [item(each) for each in value]
        return Undefined if any(each is Undefined for each in made) else made

    return coerce


def _object(kind: GraphQLInputObjectType, above: tuple[Any, ...], null: object) -> Coerce | None:
    if kind.is_one_of or kind in above:  # how deeply values nest is graphql-core's to limit
        return None
    fields: dict[str, tuple[str, Coerce]] = {}
    unsaid: dict[str, Any] = {}
    required: set[str] = set()
    for name, field in kind.fields.items():
        coerce, default = coercing(field.type, (*above, kind)), _default_of(field)
        if coerce is None or default is None:
            return None
        fields[name] = field.out_name or name, coerce
        if default[0] is not Undefined:
            unsaid[field.out_name or name] = default[0]
        elif is_non_null_type(field.type):
            required.add(name)
    to_output = None if kind.out_type is GraphQLInputObjectType.out_type else kind.out_type
    return _mapping(to_output, fields, unsaid, required, null)


def _mapping(
    to_output: Coerce | None,
    fields: Mapping[str, tuple[str, Coerce]],
    unsaid: dict[str, Any],
    required: set[str],
    null: object,
) -> Coerce:
    def coerce(value: Any) -> Any:
        if value.__class__ is not dict or (required and not value.keys() >= required):
            return null if value is None else Undefined
        made: dict[str, Any] = unsaid.copy()
        for name, sent in value.items():  # mostly few of many fields
            field = fields.get(name)
            if field is None:
                return Undefined
            out_name, coerce_field = field
            found = coerce_field(sent)
            if found is Undefined:
                return Undefined
            made[out_name] = found
        return made if to_output is None else to_output(made)

    return coerce
