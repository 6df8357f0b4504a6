"""Objects that need no function of their own: all that is asked of them are short leaves.

Such an object is made where it stands, by one expression, if one condition holds of all that
is read.  If it does not, or reading raises, the object's function makes it, which tells why.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet

from gateway.execution.compiled.leaves import members_of, test_of
from gateway.execution.compiled.reading import Attribute, Bind, reading_of
from gateway.execution.compiled.values import record_of

Selected = Callable[[GraphQLObjectType, FieldDetailsList], GroupedFieldSet]
MOST_LEAVES = 8  # of an object that is made where it stands
FEWEST_KEPT = 3  # fields that make it worth keeping an object
Leaf = tuple[str, str]  # the test, which reads, and the expression for what it is then


@dataclass(frozen=True, slots=True)
class Shortcut:
    """The condition under which an object is just what an expression says."""

    condition: str
    value: str
    fields: frozenset[str]  # the keys that it makes; the others are None in it


class Shortcuts:
    """Finds the shortcuts of one operation; `selected` tells what is asked of an object below."""

    def __init__(
        self, schema: GraphQLSchema, bind: Bind, selected: Selected, *, has_handlers: bool
    ) -> None:
        self._schema = schema
        self._bind = bind
        self._selected = selected
        self._has_handlers = has_handlers

    def find(
        self, kind: GraphQLObjectType, fields: GroupedFieldSet, source: str
    ) -> Shortcut | None:
        """Return how an object of `kind` is made of what `source` names; None if not so easily."""
        if record_of(kind) is None or len(fields) > MOST_LEAVES:
            return None
        made = {key: self._leaf(kind, details, source) for key, details in fields.items()}
        return self._shortcut(kind, made, source) if None not in made.values() else None

    def find_below(self, details: FieldDetailsList, kind: Any, source: str) -> Shortcut | None:
        """Return how a field's value of `kind` is made, if it is an object: see `find`."""
        if not is_object_type(kind):
            return None
        return self.find(kind, self._selected(kind, details), source)

    def find_kept(self, kind: GraphQLObjectType, fields: GroupedFieldSet) -> Shortcut | None:
        """Return how what never changes of the object `s` is made; None if that is too little."""
        if not _is_unchanging(kind):
            return None
        made = {key: self._unchanging(kind, details, "s") for key, details in fields.items()}
        if sum(each is not None for each in made.values()) < FEWEST_KEPT:
            return None
        return self._shortcut(kind, made, "s")

    def _shortcut(
        self, kind: GraphQLObjectType, made: Mapping[str, Leaf | None], source: str
    ) -> Shortcut:
        tests = [f"{source}.__class__ is {self._bind('K', record_of(kind))}"]
        tests += [each[0] for each in made.values() if each and each[0]]
        entries = [f"{key!r}: {each[1] if each else None}" for key, each in made.items()]
        keys = frozenset(key for key, each in made.items() if each)
        return Shortcut(" and ".join(tests), f"{{{', '.join(entries)}}}", keys)

    def _unchanging(
        self, kind: GraphQLObjectType, details: FieldDetailsList, source: str
    ) -> Leaf | None:
        """Return how a field is made if it is always the same for the same record."""
        below = partial(self._below, details)
        return (
            self._leaf(kind, details, source)
            or self._read(kind, details, source, self._leaves)
            or self._read(kind, details, source, below)
        )

    def _leaf(self, kind: GraphQLObjectType, details: FieldDetailsList, source: str) -> Leaf | None:
        """Return how a leaf is made."""
        if details[0].node.name.value == "__typename":
            return "", repr(kind.name)
        return self._read(kind, details, source, self._plain)

    def _read(
        self,
        kind: GraphQLObjectType,
        details: FieldDetailsList,
        source: str,
        made_of: Callable[[Any, str], Leaf | None],
    ) -> Leaf | None:
        """Return how a field is made, if it is an attribute of a type that `made_of` knows.

        That gives a test in which `{0}` stands for the variable, and what the variable becomes.
        """
        name = details[0].node.name.value
        field = None if name.startswith("__") else self._schema.get_field(kind, name)
        reading = field and reading_of(field, has_handlers=self._has_handlers)
        if field is None or not isinstance(reading, Attribute):
            return None
        variable = self._bind("w", None)
        made = made_of(get_nullable_type(field.type), variable)
        if made is None:
            return None
        test, value = made
        read = f"({variable} := {reading.of(source, self._bind)})"
        if is_non_null_type(field.type):
            return test.replace("{0}", read, 1).replace("{0}", variable), value
        test = test.replace("{0}", variable)
        is_itself = value == variable
        return (
            f"({read} is None or {test})",
            value if is_itself else f"(None if {variable} is None else {value})",
        )

    def _plain(self, kind: Any, variable: str) -> Leaf | None:
        if short := test_of(kind):
            return short, variable
        if members := members_of(kind):
            return f"{{0}}.__class__ is {self._bind('E', members)}", f"{variable}._name_"
        return None

    def _leaves(self, kind: Any, variable: str) -> Leaf | None:
        """Return how a tuple of leaves is made a list."""
        if not is_list_type(kind):
            return None
        item = self._plain(get_nullable_type(kind.of_type), "y")
        if item is None or not is_non_null_type(kind.of_type):
            return None
        test = item[0].replace("{0}", "y")
        condition = f"{{0}}.__class__ is tuple and all([{test} for y in {variable}])"
        return condition, f"[{item[1]} for y in {variable}]"

    def _below(self, details: FieldDetailsList, kind: Any, variable: str) -> Leaf | None:
        """Return how an object of which everything is unchanging is made."""
        if not is_object_type(kind) or not _is_unchanging(kind):
            return None
        fields = self._selected(kind, details)
        made = {key: self._unchanging(kind, each, variable) for key, each in fields.items()}
        if None in made.values():
            return None
        found = self._shortcut(kind, made, variable)
        return f"({found.condition.replace(variable, '{0}', 1)})", found.value


def _is_unchanging(kind: GraphQLObjectType) -> bool:
    return record_of(kind) is not None and getattr(kind.is_type_of, "is_unchanging", False) is True
