"""Writes an operation as Python: a function for each selection of each type that it may meet.

A function takes the source `s`, the run `r` and the place `p` of what it makes, and returns it.
A field is a `try` of its own, which costs nothing until something is raised: its value is read,
tested in a line, and taken as it is; what fails the test goes to a completer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from types import MethodType
from typing import Any

from graphql import (
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import (
    FieldDetailsList,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues

from gateway.execution.compiled import values as completing
from gateway.execution.compiled.arguments import Arguments
from gateway.execution.compiled.functions import Functions, Part, tried
from gateway.execution.compiled.kept import Kept
from gateway.execution.compiled.leaves import members_of, test_of
from gateway.execution.compiled.reading import Attribute, Function, Opaque, Reading, reading_of
from gateway.execution.compiled.running import Source
from gateway.execution.compiled.shortcuts import Shortcut, Shortcuts
from gateway.execution.compiled.sites import Site
from gateway.execution.compiled.values import Completer

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
        self._has_handlers = bool(source.strawberry.schema_converter.exception_handlers)
        self._encodes = kept.encodes
        self._sites: list[Site] = []
        self._functions = Functions(kept)
        self._bind, self._names = self._functions.bind, self._functions.names
        self._objects: dict[tuple[Any, ...], str] = {}
        self._shortcuts = Shortcuts(
            self._schema, self._bind, self._selected, has_handlers=self._has_handlers
        )

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
        parts: dict[str, Part] = {}
        for key, details in fields.items():
            steps: list[str] = []
            parts[key] = steps, self._field(kind, key, details, steps)
        return parts

    def _field(self, kind: GraphQLObjectType, key: str, details: Any, body: list[str]) -> str:
        """Write how a field becomes a value; return the expression for that value."""
        name = details[0].node.name.value
        if name == "__typename":
            return repr(kind.name)
        field = self._schema.get_field(kind, name)
        if field is None or name.startswith("__"):
            raise UncompilableError("introspection")
        if len(self._sites) >= MOST_SITES:
            raise UncompilableError("size")
        site = Site(len(self._sites), key, kind, name, field, details)
        self._sites.append(site)
        body += self._attempt(site, reading_of(field, has_handlers=self._has_handlers))
        return f"v{site.index}"

    def _attempt(self, site: Site, reading: Reading) -> list[str]:
        value, kind = f"v{site.index}", site.field.type
        nullable = not is_non_null_type(kind)
        place = f"(p, {site.key!r}, {nullable}, {site.parent.name!r})"
        read = self._read(site, reading, place)
        if isinstance(reading, Function) and reading.is_async:
            completer = self._completer(site, get_nullable_type(kind))
            site_name = self._bind("S", site)
            steps = [f"{value} = r.later({read}, {completer}, {site_name}, {place})"]
        else:
            steps = [f"{value} = {read}", *self._complete(site, value, kind, place)]
        fail = self._bind("X", completing.failing(site))
        return [
            "try:",
            *(f"    {step}" for step in steps),
            f"except Exception: {value} = {fail}(r, p)",
        ]

    def _read(self, site: Site, reading: Reading, place: str) -> str:
        if isinstance(reading, Attribute):
            return reading.of("s", self._bind)
        site_name = self._bind("S", site)
        if isinstance(reading, Opaque):
            arguments = f", **r.raw_arguments({site_name})" if site.field.args else ""
            resolve = self._bind("R", reading.resolve)
            return f"{resolve}(s, r.raw_info({site_name}, {place}){arguments})"
        info = ""
        if reading.info_name:
            field = self._bind("D", reading.field)
            info = f"t[{site.index}] or r.info({site_name}, {field})"
        given = reading.given("s", info)
        if reading.takes_arguments:
            given += self._arguments(Arguments(site, reading.field, self._source))
        return f"{self._bind('F', reading.call)}({', '.join(given)})"

    def _arguments(self, arguments: Arguments) -> list[str]:
        known = arguments.unchanging
        if known is None:
            return [f"**{self._bind('A', arguments)}(r)"]
        return [f"{name}={self._bind('U', value)}" for name, value in known.items()]

    def _complete(self, site: Site, value: str, kind: GraphQLOutputType, place: str) -> list[str]:
        """Return the steps by which what was read becomes what is answered."""
        inner: Any = get_nullable_type(kind)
        is_null = "" if is_non_null_type(kind) else f"{value} is not None"
        if short := test_of(inner):
            other = self._bind("C", completing.of_field(site, completing.leaf(site, inner)))
            tests = [f"not ({short.format(value)})", *([is_null] if is_null else [])]
            return [f"if {' and '.join(tests)}: {value} = {other}({value}, r, p)"]
        known: list[str] = []
        if is_list_type(inner):
            known = [
                f"if {value}.__class__ is list or {value}.__class__ is tuple:",
                f"    q = {place}",
                *(f"    {step}" for step in self._list(site, value, inner)),
            ]
        elif members := members_of(inner):
            member = self._bind("E", members)
            known = [f"if {value}.__class__ is {member}: {value} = {value}._name_"]
        made = f"{self._completer(site, inner)}({value}, r, {place})"
        if quick := self._quick(site, inner, value):
            steps = [*tried(f"f = {quick.condition}", "f = False")]
            steps.append(f"{value} = {quick.value} if f else {made}")
            return [f"if {is_null}:", *(f"    {each}" for each in steps)] if is_null else steps
        return [*known, _otherwise(f"{value} = {made}", is_null, after=bool(known))]

    def _list(self, site: Site, value: str, kind: GraphQLList[Any]) -> list[str]:
        """Return the steps that make a list of the list `value`, whose place is `q`."""
        made = f"[{self._each(site, kind, 'q')} for i, x in enumerate({value})]"
        if joined := self._joined(site, kind, value):
            return [
                *tried(f"f = {joined}", "f = None"),
                f"{value} = {made} if f is None else f",
            ]
        quick = self._quick(site, get_nullable_type(kind.of_type), "x")
        if quick is None:
            return [f"{value} = {made}"]
        comprehension = f"f = [{quick.value} for x in {value} if {quick.condition}]"
        return [
            *tried(comprehension, "f = ()"),
            f"{value} = f if len(f) == len({value}) else {made}",
        ]

    def _joined(self, site: Site, kind: GraphQLList[Any], value: str) -> str | None:
        """Return the expression that joins a list's items, if their JSON is kept."""
        inner: Any = get_nullable_type(kind.of_type)
        if not self._encodes or not is_object_type(inner):
            return None
        return self._functions.joined(self._object(site, inner), value)

    def _quick(self, site: Site, kind: Any, source: str) -> Shortcut | None:
        if not is_object_type(kind):
            return None
        return self._shortcuts.find(kind, self._selected(kind, site.details), source)

    def _each(self, site: Site, kind: GraphQLList[Any], above: str) -> str:
        """Return the expression for an item `x` at `i` of the list at `above`."""
        nullable = not is_non_null_type(kind.of_type)
        inner: Any = get_nullable_type(kind.of_type)
        complete = f"{self._item(site, kind)}(x, r, ({above}, i, {nullable}, None))"
        if members := members_of(inner):
            return f"x._name_ if x.__class__ is {self._bind('E', members)} else {complete}"
        if short := test_of(inner):
            return f"x if {short.format('x')} else {complete}"
        return complete

    def _item(self, site: Site, kind: GraphQLList[Any]) -> str:
        """Return the name of the completer of a list's items, which keeps their errors to them."""
        inner: Any = get_nullable_type(kind.of_type)
        name = self._completer(site, inner)
        if is_object_type(inner) and is_non_null_type(kind.of_type):
            return name  # whatever it raises is located already
        complete = self._resolved(name)
        return self._bind("C", completing.guarded(site, complete))

    def _completer(self, site: Site, inner: Any) -> str:
        """Return the name of what completes a value that may be anything."""
        if is_leaf_type(inner):
            return self._bind("C", completing.leaf(site, inner))
        if is_list_type(inner):
            item = self._resolved(self._item(site, inner))
            nullable = not is_non_null_type(inner.of_type)
            return self._bind("C", completing.listed(site, item, nullable))
        if is_abstract_type(inner):
            possible = self._schema.get_possible_types(inner)
            completers = {each.name: self._resolved(self._object(site, each)) for each in possible}
            return self._bind("C", completing.abstract(site, inner, self._schema, completers))
        return self._object(site, inner)

    def _object(self, site: Site, kind: GraphQLObjectType) -> str:
        """Return the name of the function that makes an object; equal ones are written once."""
        nodes = tuple(id(each.node) for each in site.details)
        key = (kind.name, site.parent.name, site.name, nodes)
        known = self._objects.get(key)
        if known is not None:
            return known
        fields = self._selected(kind, site.details)
        check = self._functions.number("G")
        record = completing.record_of(kind)
        test = f"s.__class__ is not {self._bind('K', record)} and " if record else ""
        head = [f"if {test}(s := {check}(s, r, p)) is None: return None"]
        parts = self._parts(kind, fields)
        name = self._functions.making(head, parts)
        if kept := self._shortcuts.find_kept(kind, fields):
            if self._encodes and kept.fields >= parts.keys():
                name = self._functions.encoding(head, kept, name)
            elif self._shortcuts.find(kind, fields, "s") is None:
                name = self._functions.keeping(head, parts, kept, name)
        self._names[check] = completing.checked(site, kind, self._resolved(name))
        self._objects[key] = name
        return name

    def _resolved(self, name: str) -> Completer:
        """Return the function that has a name, or will have it when all is written."""
        bound = self._names.get(name)
        if bound is not None:
            return bound  # type: ignore[no-any-return]  # nothing else has such a name
        return MethodType(_call, (self._names, name))


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


def _call(at: tuple[dict[str, Any], str], value: Any, run: Any, place: Any) -> Any:
    names, name = at
    return names[name](value, run, place)


def _otherwise(step: str, condition: str, *, after: bool) -> str:
    """Return `step` under a condition, if any, and where nothing `after` which it stands was so."""
    if condition:
        return f"{'elif' if after else 'if'} {condition}: {step}"
    return f"else: {step}" if after else step
