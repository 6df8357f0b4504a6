"""How what was read of a field becomes what is answered: by a short test where one tells enough.

A leaf is tested and taken as it is, a list is made in line, and so is an object of a few leaves.
Whatever fails its test goes to a completer, which does, or tells, the rest.
"""

from typing import Any

from graphql import GraphQLList, get_nullable_type, is_list_type, is_non_null_type, is_object_type

from gateway.execution.compiled import values
from gateway.execution.compiled.completers import Completers
from gateway.execution.compiled.functions import tried
from gateway.execution.compiled.leaves import members_of, test_of
from gateway.execution.compiled.sites import Site
from gateway.execution.compiled.tools import Tools


class Completion:
    """Writes the completion of one field, which was read into the variable `value`."""

    __slots__ = ("_bind", "_completers", "_site", "_tools", "_value")

    def __init__(self, site: Site, value: str, tools: Tools, completers: Completers) -> None:
        self._site = site
        self._value = value
        self._tools = tools
        self._bind = tools.functions.bind
        self._completers = completers

    def steps(self, place: str) -> list[str]:
        """Return the steps for a field at `place`."""
        kind: Any = get_nullable_type(self._site.field.type)
        is_told = "" if is_non_null_type(self._site.field.type) else f"{self._value} is not None"
        if short := test_of(kind):
            return self._leaf(kind, short, is_told)
        known = self._known(kind, place)
        made = f"{self._completers.of(kind)}({self._value}, r, {place})"
        if quick := self._tools.shortcuts.find_below(self._site.details, kind, self._value):
            steps = [*tried(f"f = {quick.condition}", "f = False")]
            steps.append(f"{self._value} = {quick.value} if f else {made}")
            return [f"if {is_told}:", *(f"    {each}" for each in steps)] if is_told else steps
        return [*known, _otherwise(f"{self._value} = {made}", is_told, after=bool(known))]

    def _leaf(self, kind: Any, short: str, is_told: str) -> list[str]:
        value, site = self._value, self._site
        other = self._bind("C", values.of_field(site, values.leaf(site, kind)))
        tests = [f"not ({short.format(value)})", *([is_told] if is_told else [])]
        return [f"if {' and '.join(tests)}: {value} = {other}({value}, r, p)"]

    def _known(self, kind: Any, place: str) -> list[str]:
        """Return the steps for a value of just the class that is expected, if there are any."""
        value = self._value
        if is_list_type(kind):
            return [
                f"if {value}.__class__ is list or {value}.__class__ is tuple:",
                f"    q = {place}",
                *(f"    {step}" for step in self._list(kind)),
            ]
        if members := members_of(kind):
            member = self._bind("E", members)
            return [f"if {value}.__class__ is {member}: {value} = {value}._name_"]
        return []

    def _list(self, kind: GraphQLList[Any]) -> list[str]:
        """Return the steps that make a list of a list, whose place is `q`."""
        value = self._value
        made = f"[{self._each(kind, 'q')} for i, x in enumerate({value})]"
        if joined := self._joined(kind):
            return [
                *tried(f"f = {joined}", "f = None"),
                f"{value} = {made} if f is None else f",
            ]
        inner = get_nullable_type(kind.of_type)
        quick = self._tools.shortcuts.find_below(self._site.details, inner, "x")
        if quick is None:
            return [f"{value} = {made}"]
        comprehension = f"f = [{quick.value} for x in {value} if {quick.condition}]"
        return [
            *tried(comprehension, "f = ()"),
            f"{value} = f if len(f) == len({value}) else {made}",
        ]

    def _joined(self, kind: GraphQLList[Any]) -> str | None:
        """Return the expression that joins a list's items, if their JSON is kept."""
        inner: Any = get_nullable_type(kind.of_type)
        if not self._tools.encodes or not is_object_type(inner):
            return None
        return self._tools.functions.joined(self._completers.of_object(inner), self._value)

    def _each(self, kind: GraphQLList[Any], above: str) -> str:
        """Return the expression for an item `x` at `i` of the list at `above`."""
        nullable = not is_non_null_type(kind.of_type)
        inner: Any = get_nullable_type(kind.of_type)
        complete = f"{self._completers.of_items(kind)}(x, r, ({above}, i, {nullable}, None))"
        if members := members_of(inner):
            return f"x._name_ if x.__class__ is {self._bind('E', members)} else {complete}"
        if short := test_of(inner):
            return f"x if {short.format('x')} else {complete}"
        return complete


def _otherwise(step: str, condition: str, *, after: bool) -> str:
    """Return `step` under a condition, if any, and where nothing `after` which it stands was so."""
    if condition:
        return f"{'elif' if after else 'if'} {condition}: {step}"
    return f"else: {step}" if after else step
