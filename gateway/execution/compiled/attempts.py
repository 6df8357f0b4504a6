"""The attempt at a field: the `try` in which it is read and completed.

It costs nothing until something is raised, which the field's own error then answers for.
"""

from graphql import get_nullable_type, is_non_null_type

from gateway.execution.compiled import values
from gateway.execution.compiled.arguments import Arguments
from gateway.execution.compiled.completers import Completers
from gateway.execution.compiled.completions import Completion
from gateway.execution.compiled.functions import Part
from gateway.execution.compiled.reading import Attribute, Function, Opaque, Reading, reading_of
from gateway.execution.compiled.sites import Site
from gateway.execution.compiled.tools import MakeObject, Tools


def attempt(site: Site, tools: Tools, make_object: MakeObject) -> Part:
    """Return the steps by which a field of the object `s` becomes a variable, and that."""
    kind, bind, value = site.field.type, tools.functions.bind, f"v{site.index}"
    place = f"(p, {site.key!r}, {not is_non_null_type(kind)}, {site.parent.name!r})"
    reading = reading_of(site.field, has_handlers=tools.has_handlers)
    read = _read(site, reading, place, tools)
    completers = Completers(site, tools, make_object)
    if isinstance(reading, Function) and reading.is_async:
        completer = completers.of(get_nullable_type(kind))
        steps = [f"{value} = r.later({read}, {completer}, {bind('S', site)}, {place})"]
    else:
        completion = Completion(site, value, tools, completers)
        steps = [f"{value} = {read}", *completion.steps(place)]
    fail = bind("X", values.failing(site))
    tried = [f"    {step}" for step in steps]
    return ["try:", *tried, f"except Exception: {value} = {fail}(r, p)"], value


def _read(site: Site, reading: Reading, place: str, tools: Tools) -> str:
    """Return the expression that reads a field: an attribute, or a call of what resolves it."""
    bind = tools.functions.bind
    if isinstance(reading, Attribute):
        return reading.of("s", bind)
    name = bind("S", site)
    if isinstance(reading, Opaque):
        arguments = f", **r.raw_arguments({name})" if site.field.args else ""
        return f"{bind('R', reading.resolve)}(s, r.raw_info({name}, {place}){arguments})"
    info = ""
    if reading.info_name:
        info = f"t[{site.index}] or r.info({name}, {bind('D', reading.field)})"
    given = reading.given("s", info)
    if reading.takes_arguments:
        given += _arguments(Arguments(site, reading.field, tools.source), tools)
    return f"{bind('F', reading.call)}({', '.join(given)})"


def _arguments(arguments: Arguments, tools: Tools) -> list[str]:
    bind, known = tools.functions.bind, arguments.unchanging
    if known is None:
        return [f"**{bind('A', arguments)}(r)"]
    return [f"{name}={bind('U', value)}" for name, value in known.items()]
