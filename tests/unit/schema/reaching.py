"""A document for each field of the schema, by the shortest way that leads there."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)

from schema.ids import NodeKind, to_global_id
from tests.unit.schema.fakes import a_course

COURSE = to_global_id(NodeKind.COURSE, a_course(1).id)
GIVEN: Mapping[tuple[str, str], Mapping[str, Any]] = {  # arguments by which something is found
    ("Query", "course"): {"id": COURSE},
    ("Query", "node"): {"id": COURSE},
    ("Query", "_entities"): {"representations": [{"__typename": "Course", "id": COURSE}]},
    ("Query", "partner"): {"code": "tokopedia"},
    ("Query", "courses"): {"search": "barista"},
    ("Query", "courseSuggestions"): {"text": "bar"},
    ("Offering", "sessions"): {"upcoming": False},
}
_SCALARS = {"Int": 1, "Float": 1.0, "Boolean": True, "BigInt": 1, "Date": "2020-04-11",
            "DateTime": "2020-04-11T09:00:00Z"}  # fmt: skip

IsWanted = Callable[[str, str], bool]
IsGiven = Callable[[GraphQLArgument], bool]


@dataclass(frozen=True)
class Way:
    """How a type is reached: what stands before and after what is asked of it."""

    kind: str
    before: str = ""
    after: str = ""
    names: tuple[tuple[str, str], ...] = ()  # the fields on the way, each after its type
    declared: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reached:
    """One field, and the document that asks it."""

    kind: str
    name: str
    document: str
    variables: Mapping[str, Any]
    names: tuple[tuple[str, str], ...]  # the fields on the way and itself


def reached(
    schema: GraphQLSchema,
    root: str,
    is_wanted: IsWanted = lambda *_: True,
    is_given: IsGiven = is_required_argument,
) -> Iterator[Reached]:
    """Give each field that is reached from `root` through wanted fields, with given arguments."""
    operation = root.lower()
    ways, seen = deque([Way(root)]), {root}
    while ways:
        way = ways.popleft()
        for name, each in schema.type_map[way.kind].fields.items():
            if not is_wanted(way.kind, name):
                continue
            further = _through(way, name, each, is_given)
            leaf = "" if is_leaf_type(get_named_type(each.type)) else " { __typename }"
            head = f"{operation}({further.declared}) " if further.declared else f"{operation} "
            document = f"{head}{{ {further.before}{leaf}{further.after} }}"
            yield Reached(way.kind, name, document, further.variables, further.names)
            for kind in _possible(schema, further.kind):
                if kind not in seen:
                    seen.add(kind)
                    ways.append(_into(further, kind))


def _through(way: Way, name: str, each: GraphQLField, is_given: IsGiven) -> Way:
    given = GIVEN.get((way.kind, name), {})
    arguments, variables, declared = [], dict(way.variables), way.declared
    for argument, told in each.args.items():
        if argument in given or is_given(told):
            variable = f"v{len(variables)}"
            variables[variable] = given.get(argument, _sample(told.type))
            declared += f" ${variable}: {told.type}"
            arguments.append(f"{argument}: ${variable}")
    called = f"({', '.join(arguments)})" if arguments else ""
    return Way(
        get_named_type(each.type).name,
        f"{way.before}{name}{called}",
        way.after,
        (*way.names, (way.kind, name)),
        declared,
        variables,
    )


def _into(way: Way, kind: str) -> Way:
    before, after = f"{way.before} {{ ... on {kind} {{ ", f" }} }}{way.after}"
    return Way(kind, before, after, way.names, way.declared, way.variables)


def _possible(schema: GraphQLSchema, name: str) -> list[str]:
    kind = schema.type_map[name]
    if is_leaf_type(kind):
        return []
    return [each.name for each in schema.get_possible_types(kind)] if _is_abstract(kind) else [name]


def _is_abstract(kind: Any) -> bool:
    return not hasattr(kind, "fields") or hasattr(kind, "resolve_type")


def _sample(kind: Any) -> Any:
    kind = get_nullable_type(kind)
    if is_list_type(kind):
        return [_sample(kind.of_type)]
    if isinstance(kind, GraphQLInputObjectType):
        needed = {n: f for n, f in kind.fields.items() if is_required_input_field(f)}
        if kind.is_one_of:
            needed = dict(list(kind.fields.items())[:1])
        return {name: _sample(each.type) for name, each in needed.items()}
    if is_enum_type(kind):
        return next(iter(kind.values))
    return _SCALARS.get(kind.name, "x")
