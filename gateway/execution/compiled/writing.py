"""Writes an operation as Python: a function for each selection of each type that it may meet.

A function takes the source `s`, the run `r` and the place `p` of what it makes, and returns it:
a dict of what came of its fields, each of which is an attempt of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import GraphQLObjectType
from graphql.execution.collect_fields import (
    FieldDetailsList,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues

from gateway.execution.compiled.attempts import attempt
from gateway.execution.compiled.completers import named
from gateway.execution.compiled.functions import Functions, Part
from gateway.execution.compiled.kept import Kept
from gateway.execution.compiled.running import Source
from gateway.execution.compiled.shortcuts import Shortcuts
from gateway.execution.compiled.sites import Site
from gateway.execution.compiled.tools import Tools
from gateway.execution.compiled.values import Completer, checked, record_of

MOST_SITES = 400  # compiling that many takes as long as one question may hold up all others


class UncompilableError(Exception):
    """What cannot be compiled; the message is why, in a word or two."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled operation: its functions, which are called in order, and what they refer to.

    Its functions know one another by their names, which are forgotten with it: in that circle all
    of it would stay until a full collection.
    """

    roots: Sequence[Completer]
    sites: Sequence[Site]
    code: str
    names: dict[str, Any]

    def __del__(self) -> None:
        self.names.clear()


class Writer:
    """Writes one operation, with its conditions as they are in `values`."""

    def __init__(
        self,
        source: Source,
        values: VariableValues | None,
        fragments: Any,
        kept: Kept,
    ) -> None:
        self._source = source
        self._schema = source.schema
        self._values = values or VariableValues({}, {})
        self._fragments = fragments
        # no method of its own: it would be in a circle with who is told of it
        self._selected = partial(_subfields, source, fragments, self._values)
        self._sites: list[Site] = []
        self._objects: dict[tuple[Any, ...], str] = {}
        self._functions = Functions(kept)
        self._names = self._functions.names
        has_handlers = bool(source.strawberry.schema_converter.exception_handlers)
        self._shortcuts = Shortcuts(
            self._schema, self._functions.bind, self._selected, has_handlers=has_handlers
        )
        self._tools = Tools(source, self._functions, self._shortcuts, has_handlers, kept.encodes)

    def write(self, root: GraphQLObjectType, *, serially: bool) -> Plan:
        """Return the operation as functions: one for each root field if they run serially."""
        operation = self._source.operation
        selected = collect_fields(
            self._schema,
            self._fragments,
            self._values,
            root,
            operation,
            self._source.hides_suggestions,
        ).grouped_field_set
        parts = [{key: each} for key, each in selected.items()] if serially else [selected]
        names = [self._functions.making([], self._parts(root, part)) for part in parts]
        code = "\n".join(self._functions.lines)
        exec(compile(code, "<compiled operation>", "exec"), self._names)  # noqa: S102 - no text of a client's is in it but names that GraphQL allows
        roots = [self._names[name] for name in names]
        return Plan(roots, self._sites, code, self._names)

    def _parts(self, kind: GraphQLObjectType, fields: GroupedFieldSet) -> dict[str, Part]:
        """Return the steps by which each field of an object is made, and what it is then."""
        return {key: self._part(kind, key, details) for key, details in fields.items()}

    def _part(self, kind: GraphQLObjectType, key: str, details: FieldDetailsList) -> Part:
        name = details[0].node.name.value
        if name == "__typename":
            return [], repr(kind.name)
        field = self._schema.get_field(kind, name)
        if field is None or name.startswith("__"):
            raise UncompilableError("introspection")
        if len(self._sites) >= MOST_SITES:
            raise UncompilableError("size")
        site = Site(len(self._sites), key, kind, name, field, details)
        self._sites.append(site)
        return attempt(site, self._tools, self._object)

    def _object(self, site: Site, kind: GraphQLObjectType) -> str:
        """Return the name of the function that makes an object; equal ones are written once."""
        nodes = tuple(id(each.node) for each in site.details)
        key = (kind.name, site.parent.name, site.name, nodes)
        known = self._objects.get(key)
        if known is not None:
            return known
        fields = self._selected(kind, site.details)
        check = self._functions.number("G")
        record = record_of(kind)
        test = f"s.__class__ is not {self._functions.bind('K', record)} and " if record else ""
        head = [f"if {test}(s := {check}(s, r, p)) is None: return None"]
        parts = self._parts(kind, fields)
        name = self._functions.making(head, parts)
        if kept := self._shortcuts.find_kept(kind, fields):
            if self._tools.encodes and kept.fields >= parts.keys():
                name = self._functions.encoding(head, kept, name)
            elif self._shortcuts.find(kind, fields, "s") is None:
                name = self._functions.keeping(head, parts, kept, name)
        self._names[check] = checked(site, kind, named(self._names, name))
        self._objects[key] = name
        return name


def _subfields(
    source: Source,
    fragments: Any,
    values: VariableValues,
    kind: GraphQLObjectType,
    details: FieldDetailsList,
) -> GroupedFieldSet:
    """Return what is selected of a type by all the nodes of a field."""
    return collect_subfields(
        source.schema,
        fragments,
        values,
        source.operation,
        kind,
        details,
        source.hides_suggestions,
    ).grouped_field_set
