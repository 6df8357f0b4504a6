"""How a record becomes a GraphQL type: the class is the contract, the record is the value.

`@presents(Record)` makes a GraphQL type whose values *are* records: resolvers return
them as they are, and a field is the record's attribute of the same name unless it names
a function of (record, context).  Descriptions for API readers: the class's docstring is
the type's, `described` gives a field's, `enumerated` a vocabulary's.
"""

import inspect
from collections.abc import Callable, Mapping
from enum import Enum
from operator import attrgetter
from typing import Any, TypeVar, cast

import strawberry
from strawberry.types import get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition

T = TypeVar("T", bound=type)

COST = "cost"  # the metadata by which a cost analysis finds what a field costs


class _Presents:
    """Tells whether a value is a record of one class; `record` tells which to whoever asks."""

    def __init__(self, record: type, *, is_unchanging: bool) -> None:
        self.record = record
        self.is_unchanging = is_unchanging

    def __call__(self, value: object, _info: object) -> bool:
        return isinstance(value, self.record)


def presents(record: type, *, unchanging: bool = False) -> Callable[[T], T]:
    """Return the decorator for a GraphQL type whose values are `record`s.

    Records that are `unchanging`, with all that they refer to, may have what is made of them kept.
    """

    def decorate(cls: T) -> T:
        presented = strawberry.type(cls, description=docstring(cls))
        definition = get_object_definition(presented, strict=True)
        definition.is_type_of = _Presents(record, is_unchanging=unchanging)
        return presented

    return decorate


def described(
    description: str,
    resolver: Any = None,
    *,
    name: str | None = None,
    cost: int | None = None,
    deprecated: str | None = None,
) -> Any:
    """Return a field: an attribute of the record, or what `resolver` makes of it.

    `name` is for fields whose GraphQL name is not that of the attribute.  `cost` is what one
    costs more than others, kept as the field's metadata `COST`.  `deprecated` says why it will
    go and until when it stays: "Use `price`; until 2027-06-30."
    """
    metadata = None if cost is None else {COST: cost}
    return strawberry.field(
        resolver=resolver,
        description=description,
        name=name,
        metadata=metadata,
        deprecation_reason=deprecated,
    )


def read(*path: str, to: Callable[[Any], Any] | None = None) -> Callable[[Any], Any]:
    """Return a resolver: what stands at a path of attributes, or what `to` makes of that.

    It says so by its attributes `path` and `to`, so that where it is compiled it costs no call.
    """
    find = attrgetter(".".join(path))

    def resolve(root: Any) -> Any:
        found = find(root)
        return found if to is None else to(found)

    resolve.path, resolve.to = path, to  # type: ignore[attr-defined]  # for whoever compiles it
    return resolve


def optional(description: str) -> Any:
    """Return an input's field that may be left out; it is UNSET then."""
    return strawberry.field(description=description, default=strawberry.UNSET)


def argument(description: str, *, name: str | None = None) -> Any:
    """Return the annotation of a described argument, for `Annotated`."""
    return strawberry.argument(description=description, name=name)


def enumerated(vocabulary: type[Enum], meanings: Mapping[Enum, str]) -> None:
    """Make `vocabulary` a GraphQL enum; raises `KeyError` for a value without a meaning."""
    enum = strawberry.enum(vocabulary, description=docstring(vocabulary))
    definition = cast("StrawberryEnumDefinition", enum.__strawberry_definition__)  # type: ignore[attr-defined]  # set by Strawberry
    for value in definition.values:
        value.description = meanings[vocabulary[value.name]]


def docstring(cls: type) -> str:
    """Return what a class says of itself."""
    return inspect.cleandoc(cls.__doc__ or "")
