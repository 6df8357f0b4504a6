"""The subgraph: what routers compose, and what they get for a reference."""

import pytest
from graphql import build_schema as build_from_sdl
from graphql import parse, print_ast

from schema.build import export_sdl
from schema.ids import NodeKind, to_global_id
from schema.model.viewer import Role, Viewer
from schema.subgraph import SubgraphSchema
from tests.unit.schema.api import Api, a_learner
from tests.unit.schema.fakes import LEMBAGA, a_course, an_offering

pytestmark = pytest.mark.anyio

ANI, BUDI = a_learner("ani"), a_learner("budi")
OFFERING = an_offering("o1")
ENTITIES = """
query ($these: [_Any!]!) {
  _entities(representations: $these) {
    __typename
    ... on Course { title }
    ... on Partner { code }
    ... on Institution { name }
    ... on Enrolment { status course { title } }
  }
}
"""
ENROL = """
mutation ($offering: ID!) {
  enrol(input: { offeringId: $offering, idempotencyKey: "k1" }) { enrolment { id } }
}
"""


@pytest.fixture(scope="module")
def subgraph():
    return SubgraphSchema()


@pytest.fixture(scope="module")
def api(subgraph):
    api = Api([a_course(1, offerings=(OFFERING,)), a_course(2)])
    api.schema = subgraph
    return api


def types(sdl):
    return {each.name.value: each for each in parse(sdl).definitions if hasattr(each, "name")}


async def entities(api, *references, viewer=None):
    return (await api.ask(ENTITIES, viewer, these=list(references)))["_entities"]


def a_reference(kind, plain, **more):
    return {"__typename": str(kind), "id": to_global_id(kind, plain), **more}


async def test_the_public_sdl_knows_nothing_of_it(subgraph):
    before = export_sdl()

    SubgraphSchema()

    assert export_sdl() == before
    assert not any(word in before for word in ("@key", "@link", "_entities", "_Any"))


async def test_it_is_the_public_schema_with_keys_and_without_what_no_router_can_ask(subgraph):
    public, composed = types(export_sdl()), types(subgraph.sdl)
    keyed = {name for name, each in composed.items() if "@key" in print_ast(each)}

    assert keyed == {"Course", "Partner", "Institution", "Enrolment"}
    assert "@shareable" in print_ast(composed["PageInfo"])
    assert "Subscription" in set(public) - set(composed)
    assert set(composed) <= set(public)
    gone = {f.name.value for f in public["Query"].fields} - {
        f.name.value for f in composed["Query"].fields
    }
    assert gone == {"node", "nodes"}


async def test_routers_are_told_the_sdl(api, subgraph):
    told = (await api.ask("{ _service { sdl } }"))["_service"]["sdl"]

    assert told == subgraph.sdl
    assert 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3"' in told


async def test_every_element_of_it_says_what_it_means(subgraph):
    schema = build_from_sdl(subgraph.as_str())

    for name in ("_Any", "_Entity", "_Service"):
        assert schema.type_map[name].description
    for field in schema.query_type.fields.values():
        assert field.description
        assert all(argument.description for argument in field.args.values())


async def test_references_are_resolved_in_their_order(api):
    found = await entities(
        api,
        a_reference(NodeKind.PARTNER, "tokopedia"),
        a_reference(NodeKind.COURSE, a_course(2).id, title="what another subgraph says"),
        a_reference(NodeKind.INSTITUTION, LEMBAGA.id),
        a_reference(NodeKind.COURSE, a_course(1).id),
    )

    assert [each and each["__typename"] for each in found] == [
        "Partner",
        "Course",
        "Institution",
        "Course",
    ]
    assert found[0]["code"] == "tokopedia"
    assert found[1]["title"] != found[3]["title"]


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param(a_reference(NodeKind.COURSE, "nowhere"), id="unknown"),
        pytest.param({"__typename": "Course"}, id="no-key"),
        pytest.param({"__typename": "Course", "id": 7}, id="key-that-is-no-text"),
        pytest.param({"__typename": "Course", "id": {"$ne": None}}, id="key-that-is-an-object"),
        pytest.param({"__typename": "Partner", "id": to_global_id(NodeKind.COURSE, a_course(1).id)},
                     id="key-of-another-type"),
        pytest.param(a_reference(NodeKind.LEARNER, "ani"), id="no-entity"),
        pytest.param({"__typename": "Query", "id": "1"}, id="no-entity-at-all"),
        pytest.param({"__typename": "Course", "id": "x" * 100_000}, id="endless-key"),
    ],
)  # fmt: skip
async def test_what_is_not_there_is_null_and_the_rest_is_answered(api, reference):
    found = await entities(api, reference, a_reference(NodeKind.COURSE, a_course(1).id), viewer=ANI)

    assert found[0] is None
    assert found[1]["__typename"] == "Course"


@pytest.mark.parametrize("viewer", [None, BUDI, Viewer(frozenset({Role.OPERATOR}))])
async def test_nobody_gets_anothers_enrolment_by_reference(api, viewer):
    offering = to_global_id(NodeKind.OFFERING, OFFERING.id)
    made = await api.ask(ENROL, ANI, offering=offering)
    reference = {"__typename": "Enrolment", "id": made["enrol"]["enrolment"]["id"]}

    assert await entities(api, reference, viewer=viewer) == [None]
    assert [each["__typename"] for each in await entities(api, reference, viewer=ANI)] == [
        "Enrolment"
    ]


@pytest.mark.parametrize(
    "reference",
    ["text", 7, [], {}, {"id": "1"}, {"__typename": 7, "id": "1"}],
)
async def test_what_is_no_reference_is_refused_before_anything_runs(api, reference):
    result = await api.execute(ENTITIES, these=[reference])

    assert result.data is None
    assert "__typename" in result.errors[0].message


async def test_a_router_asks_for_a_hundred_at_most(api):
    result = await api.execute(ENTITIES, these=[a_reference(NodeKind.COURSE, a_course(1).id)] * 101)

    assert result.errors[0].extensions == {"code": "BAD_USER_INPUT"}
