"""What becomes of a value that is out of the ordinary: null, an error, awaitable, of another type.

Generated code asks these only where its own short test does not hold; they do in
graphql-core's order what that does, and raise what that raises.  Each is a *completer*: called
with the value, the run and the place, it returns what stands in the answer, or raises.
"""

import sys
from collections.abc import AsyncIterable, Callable, Collection, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from types import MethodType, SimpleNamespace
from typing import Any, TypeAlias
from uuid import UUID

from graphql import (
    GraphQLAbstractType,
    GraphQLError,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
)
from graphql.execution import Executor
from graphql.pyutils import inspect, is_iterable
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema_converter import GraphQLCoreConverter

from gateway.execution.compiled.running import Run
from gateway.execution.compiled.sites import Place, Site

Completer: TypeAlias = Callable[[Any, Run, Any], Any]
Failing: TypeAlias = Callable[[Run, Any], None]

# What is certainly neither awaitable, nor an error, nor null.
PLAIN = frozenset({str, int, float, bool, datetime, date, time, Decimal, UUID, list, tuple, dict})


def failing(site: Site) -> Failing:
    """Return what is called, with the place of its object, while a field's error is handled."""
    return MethodType(_failed, site)


def _failed(site: Site, run: Run, place: Place | None) -> None:
    error = sys.exc_info()[1]
    if isinstance(error, Exception):
        _fail(site, error, run, site.below(place))


def of_field(site: Site, complete: Completer) -> Completer:
    """Return `complete` for a field's value, to be called with the place of its object."""
    return MethodType(_complete_field, (site, complete))


def _complete_field(
    parts: tuple[Site, Completer], value: Any, run: Run, place: Place | None
) -> Any:
    site, complete = parts
    return complete(value, run, site.below(place))


def _fail(site: Site, error: Exception, run: Run, place: Place) -> None:
    """Note an error where null may stand; raise it where not."""
    located = site.located(error, place)
    if not place[2]:
        raise located from error
    run.add(located, place)


def guarded(site: Site, complete: Completer) -> Completer:
    """Return `complete` for an item of a list: its errors are its own, not the list's."""
    return MethodType(_guard, (site, complete))


def _guard(parts: tuple[Site, Completer], value: Any, run: Run, place: Place) -> Any:
    site, complete = parts
    try:
        return complete(value, run, place)
    except Exception as exc:  # noqa: BLE001 - resolvers raise what they like
        return _fail(site, exc, run, place)


def is_absent(value: Any, run: Run, place: Place, site: Site, complete: Completer) -> bool:
    """Return whether there is nothing to complete: null, or it will come later."""
    if optimized_is_awaitable(value):
        run.later(value, complete, site, place)
        return True
    if isinstance(value, Exception):
        raise value
    if value is None or value is Undefined:
        if place[2]:
            return True
        raise site.no_null()
    return False


def leaf(site: Site, kind: GraphQLLeafType) -> Completer:
    """Return the completer of scalars and enums."""
    return MethodType(_leaf, (site, kind))


def _leaf(parts: tuple[Site, GraphQLLeafType], value: Any, run: Run, place: Place) -> Any:
    site, kind = parts
    if value.__class__ not in PLAIN and is_absent(
        value, run, place, site, MethodType(_leaf, parts)
    ):
        return None
    coerced = kind.coerce_output_value(value)
    if coerced is None or coerced is Undefined:
        raise TypeError(
            f"Expected `{inspect(kind)}.coerce_output_value({inspect(value)})` to return "
            f"non-nullable value, returned: {inspect(coerced)}"
        )
    return coerced


def listed(site: Site, item: Completer, nullable: bool) -> Completer:  # noqa: FBT001 - one of three
    """Return the completer of lists; `item` completes an item and keeps its errors to it."""
    return MethodType(_list, (site, item, nullable))


def _list(parts: tuple[Site, Completer, bool], value: Any, run: Run, place: Place) -> Any:
    site, item, nullable = parts
    if value.__class__ not in PLAIN and is_absent(
        value, run, place, site, MethodType(_list, parts)
    ):
        return None
    if isinstance(value, AsyncIterable):
        run.later(_all_of(value), MethodType(_list, parts), site, place)
        return None
    if not is_iterable(value):
        raise GraphQLError(
            f"Expected Iterable, but did not find one for field '{site.parent}.{site.name}'."
        )
    return [item(each, run, (place, index, nullable, None)) for index, each in enumerate(value)]


async def _all_of(values: AsyncIterable[Any]) -> list[Any]:
    return [each async for each in values]


def record_of(kind: GraphQLObjectType) -> type | None:
    """Return the class whose values are all of a type's, if its `is_type_of` says so.

    It says so by an attribute `record`: it is nothing but `isinstance(value, record)` then.
    """
    record = getattr(kind.is_type_of, "record", None)
    return record if isinstance(record, type) else None


def checked(site: Site, kind: GraphQLObjectType, complete: Completer) -> Completer:
    """Return what gives the source of an object's fields; None if there is nothing to read.

    Its errors are located, as they may be an item's.
    """
    return MethodType(_check, (site, kind, complete))


def _check(
    parts: tuple[Site, GraphQLObjectType, Completer], value: Any, run: Run, place: Place
) -> Any:
    site, kind, complete = parts
    try:
        if is_absent(value, run, place, site, complete):
            return None
        if _is_right(site, kind, value, run, place):
            return value
        raise GraphQLError(  # noqa: TRY301 - located like all others
            f"Expected value of type '{kind}' but got: {inspect(value)}.", site.nodes
        )
    except Exception as exc:
        raise site.located(exc, place) from exc


def _is_right(site: Site, kind: GraphQLObjectType, value: Any, run: Run, place: Place) -> bool:
    record = record_of(kind)
    if record is not None:
        return isinstance(value, record)
    return kind.is_type_of is None or bool(kind.is_type_of(value, run.raw_info(site, place)))


def abstract(
    site: Site,
    kind: GraphQLAbstractType,
    schema: GraphQLSchema,
    completers: Mapping[str, Completer],
) -> Completer:
    """Return the completer of interfaces and unions: that of the type which the value is of."""
    return _Abstract(site, kind, schema, completers).complete


class _Abstract:
    __slots__ = ("_by_class", "_completers", "_kind", "_may_remember", "_schema", "_site")

    def __init__(
        self,
        site: Site,
        kind: GraphQLAbstractType,
        schema: GraphQLSchema,
        completers: Mapping[str, Completer],
    ) -> None:
        self._site = site
        self._kind = kind
        self._schema = schema
        self._completers = completers
        self._by_class: dict[type, Completer] = {}
        self._may_remember = _is_by_records(kind, schema.get_possible_types(kind))

    def complete(self, value: Any, run: Run, place: Place) -> Any:
        known = self._by_class.get(value.__class__)
        if known is not None:
            return known(value, run, place)
        site, kind = self._site, self._kind
        if is_absent(value, run, place, site, self.complete):
            return None
        info = run.raw_info(site, place)
        name: Any = (kind.resolve_type or run.executor.type_resolver)(value, info, kind)
        if optimized_is_awaitable(name):
            run.later(
                name, lambda found, *at: self._of_type(found, info, value)(value, *at), site, place
            )
            return None
        found = self._of_type(name, info, value)
        if self._may_remember and _is_told_by_class(value.__class__):
            self._by_class[value.__class__] = found
        return found(value, run, place)

    def _of_type(self, name: Any, info: Any, value: Any) -> Completer:
        ensure: Any = Executor.ensure_valid_runtime_type
        ensuring = SimpleNamespace(schema=self._schema)
        kind = ensure(ensuring, name, self._kind, self._site.details, info, value)
        return self._completers[kind.name]


def _is_by_records(kind: GraphQLAbstractType, possible: Collection[GraphQLObjectType]) -> bool:
    resolve: Any = kind.resolve_type
    is_own = resolve is None or resolve.__module__ == GraphQLCoreConverter.__module__
    return is_own and all(record_of(each) is not None for each in possible)


def _is_told_by_class(kind: type) -> bool:
    """Return whether no instance can say of itself that it is of another type than its class."""
    is_marked = any(name.endswith("__typename") for name in dir(kind))
    return kind.__dictoffset__ == 0 and not is_marked and not hasattr(kind, "__getattr__")
