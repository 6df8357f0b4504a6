"""What Strawberry makes of the value of an argument, as a function of the value alone.

Where it needs more than that (a type that builds itself, a global id, a type that is named
later) there is no such function, and Strawberry does it.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any, TypeAlias

from strawberry import UNSET
from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition

Convert: TypeAlias = Callable[[Any], Any]


def conversion(kind: Any, config: Any, scalars: Mapping[object, Any]) -> Convert | None:
    """Return what converts values of a Strawberry type, or None."""
    if isinstance(kind, StrawberryMaybe):
        return None
    if isinstance(kind, StrawberryOptional):
        return conversion(kind.of_type, config, scalars)
    if isinstance(kind, StrawberryList):
        item = kind.of_type
        while isinstance(item, StrawberryOptional):
            item = item.of_type
        return _copied if _is_leaf(item, scalars) else None
    if _is_leaf(kind, scalars):
        return _same
    if has_object_definition(kind):
        return _made(kind, config, scalars)
    return None


def _is_leaf(kind: Any, scalars: Mapping[object, Any]) -> bool:
    if kind is GlobalID or isinstance(kind, StrawberryMaybe):
        return False
    is_enum = isinstance(kind, StrawberryEnumDefinition) or has_enum_definition(kind)
    return is_enum or is_scalar(kind, scalars)


def _same(value: Any) -> Any:
    return value


def _copied(value: Any) -> Any:
    return value if value is None or value is UNSET else list(value)


def _made(kind: Any, config: Any, scalars: Mapping[object, Any]) -> Convert | None:
    definition = kind.__strawberry_definition__
    if definition.from_input is not None or not definition.is_input:
        return None
    unsaid: dict[str, Any] = {
        field.python_name: None
        for field in definition.fields
        if field.default_value is MISSING and field.default_factory is MISSING
    }
    fields: dict[str, tuple[str, Convert]] = {}
    for field in definition.fields:
        convert = conversion(field.resolve_type(type_definition=definition), config, scalars)
        if convert is None:
            return None
        fields[config.name_converter.from_field(field)] = field.python_name, convert

    def convert_object(value: Any) -> Any:
        if value is None or value is UNSET:
            return value
        told = unsaid.copy()
        for name, sent in value.items():
            if field := fields.get(name):
                told[field[0]] = field[1](sent)
        return kind(**told)

    return convert_object
