"""How the value of a field is had: an attribute, a function's result, or whatever resolves it."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import isasyncgenfunction
from keyword import iskeyword
from types import FunctionType
from typing import Any

from graphql import GraphQLField, default_field_resolver
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

_MODULE = GraphQLCoreConverter.__module__
_RESOLVERS = f"{GraphQLCoreConverter.from_resolver.__qualname__}.<locals>."


Bind = Callable[[str, Any], str]  # names a value for the code, by a prefix


@dataclass(frozen=True, slots=True)
class Attribute:
    """What stands at a path of attributes from the source, or what a function makes of it."""

    path: tuple[str, ...]
    to: Callable[[Any], Any] | None = None

    def of(self, source: str, bind: Bind) -> str:
        """Return the expression that reads it of what `source` names."""
        read = ".".join((source, *self.path))
        return read if self.to is None else f"{bind('T', self.to)}({read})"


@dataclass(frozen=True, slots=True)
class Function:
    """A Strawberry resolver, called past Strawberry: nothing else was asked to stand around it."""

    call: Callable[..., Any]
    field: StrawberryField
    is_async: bool
    takes_self: bool
    source_name: str | None
    info_name: str | None
    takes_arguments: bool

    def given(self, source: str, info: str) -> list[str]:
        """Return what its call is given: by place where it can be, which is faster than by name."""
        by_name = {self.source_name: source, self.info_name: info}
        by_name.pop(None, None)
        given = [source] if self.takes_self else []
        for name in _positional(self.call)[len(given) :]:
            if name not in by_name:
                break
            given.append(by_name.pop(name))
        return given + [f"{name}={value}" for name, value in by_name.items()]


@dataclass(frozen=True, slots=True)
class Opaque:
    """A resolver of graphql-core's, called as that would."""

    resolve: Callable[..., Any]


Reading = Attribute | Function | Opaque


def reading_of(field: GraphQLField, *, has_handlers: bool = False) -> Reading:
    """Return how a field is read; `has_handlers` if the schema turns exceptions into values."""
    resolve = field.resolve
    if resolve is None:
        return Opaque(default_field_resolver)
    definition = (field.extensions or {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if (
        has_handlers
        or not _is_strawberrys(resolve)
        or not isinstance(definition, StrawberryField)
        or definition.extensions
        or type(definition).get_result is not StrawberryField.get_result
    ):
        return Opaque(resolve)
    read = _attribute if definition.is_basic_field else _function
    return read(definition, resolve)


def _positional(call: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the parameters that a plain function takes by place."""
    if not isinstance(call, FunctionType) or hasattr(call, "__wrapped__"):
        return ()
    code = call.__code__
    return code.co_varnames[: code.co_argcount]


def _is_strawberrys(resolve: Callable[..., Any]) -> bool:
    """Return whether nobody has put anything around what Strawberry made."""
    name = getattr(resolve, "__qualname__", "")
    return getattr(resolve, "__module__", "") == _MODULE and name.startswith(_RESOLVERS)


def _attribute(field: StrawberryField, resolve: Callable[..., Any]) -> Reading:
    name = field.python_name
    if field.default_resolver is getattr and name.isidentifier() and not iskeyword(name):
        return Attribute((name,))
    return Opaque(resolve)


def _function(field: StrawberryField, resolve: Callable[..., Any]) -> Reading:
    resolver = field.base_resolver
    if resolver is None or isasyncgenfunction(resolver.wrapped_func):
        return Opaque(resolve)
    path = getattr(resolver.wrapped_func, "path", None)
    if isinstance(path, tuple):  # a function says by attributes that it is no more than that
        return Attribute(path, resolver.wrapped_func.to)  # type: ignore[union-attr]  # as above
    source = resolver.parent_parameter or resolver.root_parameter
    info = resolver.info_parameter
    return Function(
        resolver.wrapped_func,  # type: ignore[arg-type]  # Strawberry calls the same
        field,
        is_async=field.is_async,
        takes_self=resolver.self_parameter is not None,
        source_name=source.name if source else None,
        info_name=info.name if info else None,
        takes_arguments=bool(field.arguments),
    )
