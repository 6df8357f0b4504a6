"""The same API as a subgraph of Apollo Federation 2, for routers that compose it with others.

It is a second view of the same types: reading and writing as in the public schema, the entities
by which other subgraphs refer to what is ours, and no `node`, `nodes` and subscriptions: a router
cannot tell whose an id is, and asks by POST alone.  Nobody sees more through it than without it.
"""

from dataclasses import replace
from typing import Annotated, Any, NewType

import strawberry
from graphql import (
    DefinitionNode,
    DocumentNode,
    GraphQLError,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    parse,
    print_ast,
)
from strawberry.tools import create_type
from strawberry.types import get_object_definition
from strawberry.types.scalar import ScalarDefinition

from schema.build import MaskingSchema, OnUnexpected, PassesIn, new_error_id, stays_broken
from schema.context import Context, Info
from schema.errors import bad_user_input
from schema.ids import NodeKind, from_global_id
from schema.nodes import load_node
from schema.paging import MAX_SIZE
from schema.query import Query
from schema.types.catalogue import Course, Institution
from schema.types.described import argument, described
from schema.types.enrolments import Enrolment
from schema.types.partners import Partner

ENTITIES = (Course, Partner, Institution, Enrolment)
_KINDS = {str(kind): kind for kind in NodeKind if kind in {each.__name__ for each in ENTITIES}}
_NOT_OURS_ALONE = frozenset({"node", "nodes"})  # fields of Query
_MACHINERY = frozenset({"_Any", "_Entity", "_Service"})
_FEDERATION = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [%s])'
_IMPORTED = '"@key", "@shareable"'
_DIRECTIVES = {
    **{entity.__name__: '@key(fields: "id")' for entity in ENTITIES},
    "PageInfo": "@shareable",  # everybody's, and equal by Relay's rules
}

Representation = NewType("Representation", dict)  # type: ignore[type-arg]  # Strawberry wants a plain class


def to_representation(value: Any) -> dict[str, Any]:
    """Return what a router refers to an entity by.  Raises `GraphQLError`."""
    if not isinstance(value, dict) or not isinstance(value.get("__typename"), str):
        raise GraphQLError("_Any is an object with a `__typename`, such as that of a Course")
    return value


ANY: ScalarDefinition = strawberry.scalar(
    name="_Any",
    description="What another subgraph refers to an entity by: its `__typename` and its key.",
    serialize=to_representation,
    parse_value=to_representation,
)
Entity = Annotated[
    Course | Partner | Institution | Enrolment,
    strawberry.union(name="_Entity", description="What other subgraphs may refer to."),
]


@strawberry.type(name="_Service", description="This subgraph, as routers ask for it.")
class Service:
    """What a router composes."""

    sdl: str = described("Its SDL, with the directives of the federation.")


@strawberry.type(description="What a router asks beside what clients ask.")
class FederationQuery:
    """The fields that make a schema a subgraph."""

    @strawberry.field(
        name="_entities",
        description=f"Up to {MAX_SIZE} entities by their keys, in the order asked for; null for "
        "each that is not there or not the viewer's.",
        graphql_type=list[Entity | None],
    )
    async def entities(
        self,
        info: Info,
        representations: Annotated[
            list[Representation], argument("Each a `__typename` and an `id`.")
        ],
    ) -> list[object | None]:
        """Find entities again by their keys."""
        if len(representations) > MAX_SIZE:
            given = len(representations)
            raise bad_user_input(f"`representations` takes at most {MAX_SIZE}, not {given}")
        return [await _load(info.context, each) for each in representations]

    @strawberry.field(name="_service", description="This subgraph.")
    def service(self, info: Info) -> Service:
        """Return what routers compose."""
        subgraph = info.schema
        if not isinstance(subgraph, SubgraphSchema):
            raise TypeError(type(subgraph))
        return Service(sdl=subgraph.sdl)


class SubgraphSchema(MaskingSchema):
    """The executable schema of the subgraph; `sdl` is what a router composes."""

    def __init__(
        self, on_unexpected: OnUnexpected | None = None, passes_in: PassesIn = stays_broken
    ) -> None:
        super().__init__(
            on_unexpected,
            new_error_id,
            passes_in=passes_in,
            query=_query(),
            subscription=None,
            scalars={Representation: ANY},
        )
        self.sdl = to_subgraph_sdl(self.as_str())


def to_subgraph_sdl(sdl: str) -> str:
    """Return the SDL with the federation's directives, and without its machinery."""
    document = parse(_FEDERATION % _IMPORTED + sdl)
    kept = [
        _directed(each)
        for each in document.definitions
        if not (isinstance(each, TypeDefinitionNode) and each.name.value in _MACHINERY)
    ]
    return print_ast(DocumentNode(definitions=tuple(kept))) + "\n"


def _directed(node: DefinitionNode) -> DefinitionNode:
    if not isinstance(node, ObjectTypeDefinitionNode):
        return node
    if node.name.value == "Query":
        fields = tuple(each for each in node.fields or () if not each.name.value.startswith("_"))
        return replace(node, fields=fields)
    told = _DIRECTIVES.get(node.name.value)
    if told is None:
        return node
    [example] = parse(f"type Example {told}").definitions
    return replace(node, directives=getattr(example, "directives", ()))


def _query() -> type:
    ours = get_object_definition(Query, strict=True)
    router = get_object_definition(FederationQuery, strict=True)
    fields = [each for each in ours.fields if each.python_name not in _NOT_OURS_ALONE]
    return create_type("Query", [*fields, *router.fields], description=ours.description)


async def _load(context: Context, reference: Representation) -> object | None:
    """Return the entity, if there is one and the viewer may see it."""
    key = reference.get("id")
    named = from_global_id(key) if isinstance(key, str) else None
    if named is None or _KINDS.get(reference["__typename"]) is not named[0]:
        return None
    return await load_node(context, str(key))
