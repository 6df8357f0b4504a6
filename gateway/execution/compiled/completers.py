"""The completers of a field, named for the code: each completes a value that may be anything.

The code calls them where no short test holds; what they do is in `values`.
"""

from types import MethodType
from typing import Any

from graphql import (
    GraphQLList,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

from gateway.execution.compiled import values
from gateway.execution.compiled.sites import Site
from gateway.execution.compiled.tools import MakeObject, Tools
from gateway.execution.compiled.values import Completer

Names = dict[str, Any]  # that the code of a plan knows


class Completers:
    """Names the completers of one field's values, and of what is in them."""

    __slots__ = ("_functions", "_make_object", "_schema", "_site")

    def __init__(self, site: Site, tools: Tools, make_object: MakeObject) -> None:
        self._site = site
        self._schema = tools.source.schema
        self._functions = tools.functions
        self._make_object = make_object

    def of(self, kind: Any) -> str:
        """Return the name of the completer of a nullable type."""
        site, bind = self._site, self._functions.bind
        if is_leaf_type(kind):
            return bind("C", values.leaf(site, kind))
        if is_list_type(kind):
            item = self._named(self.of_items(kind))
            nullable = not is_non_null_type(kind.of_type)
            return bind("C", values.listed(site, item, nullable))
        if is_abstract_type(kind):
            possible = self._schema.get_possible_types(kind)
            completers = {each.name: self._named(self.of_object(each)) for each in possible}
            return bind("C", values.abstract(site, kind, self._schema, completers))
        return self.of_object(kind)

    def of_items(self, kind: GraphQLList[Any]) -> str:
        """Return the name of the completer of a list's items, which keeps their errors to them."""
        inner: Any = get_nullable_type(kind.of_type)
        name = self.of(inner)
        if is_object_type(inner) and is_non_null_type(kind.of_type):
            return name  # whatever it raises is located already
        return self._functions.bind("C", values.guarded(self._site, self._named(name)))

    def of_object(self, kind: Any) -> str:
        """Return the name of the function that makes an object."""
        return self._make_object(self._site, kind)

    def _named(self, name: str) -> Completer:
        return named(self._functions.names, name)


def named(names: Names, name: str) -> Completer:
    """Return the function that has a name, or will have it when all is written."""
    bound = names.get(name)
    if bound is not None:
        return bound  # type: ignore[no-any-return]  # nothing else has such a name
    return MethodType(_call, (names, name))


def _call(at: tuple[Names, str], value: Any, run: Any, place: Any) -> Any:
    names, name = at
    return names[name](value, run, place)
