"""The whole application over HTTP: the subgraph is there where it is switched on, guarded alike."""

import re

import httpx
import pytest
from sqlalchemy import select

from gateway.app import Gateway
from gateway.asgi import create_app
from gateway.enrolment.audit.records import Act
from gateway.identity.development import issue_token
from gateway.settings import Audience, Profile, Settings
from gateway.storage.audit_tables import audit_record
from schema.ids import NodeKind, to_global_id
from schema.model.viewer import Role

pytestmark = pytest.mark.anyio

URL = "http://mitra/graphql/subgraph"
BOTH = ("/graphql", "/graphql/subgraph")
ASKED = {
    "query": "query ($these: [_Any!]!) { _entities(representations: $these) { __typename } }",
    "variables": {
        "these": [{"__typename": "Course", "id": to_global_id(NodeKind.COURSE, "no-such-course")}]
    },
}
ENROL = 'mutation { enrol(input: {offeringId: "x", idempotencyKey: "k"}) { __typename } }'
EVENTS = {"Accept": "text/event-stream"}


def a_client(settings, gateway=None):
    transport = httpx.ASGITransport(create_app(settings, gateway))
    return httpx.AsyncClient(transport=transport, base_url="http://mitra")


async def test_it_is_not_there_unless_it_is_switched_on(tmp_path):
    async with a_client(Settings(profile=Profile.DEVELOPMENT, data_dir=tmp_path)) as client:
        assert (await client.post(URL, json=ASKED)).status_code == 404


async def test_routers_ask_it_under_the_same_rules_as_clients_ask_the_rest(tmp_path):
    settings = Settings(
        profile=Profile.DEVELOPMENT,
        data_dir=tmp_path,
        subgraph=True,
        client_budget="2500",
        introspection=Audience.from_text("operator"),
    )
    gateway = Gateway(settings)
    partner = {"Authorization": f"Bearer {issue_token(tmp_path, Role.PARTNER, 'tokopedia')}"}

    async with gateway.opened(loaded=True), a_client(settings, gateway) as client:
        found = await client.post(URL, json=ASKED)
        streamed = await client.post(URL, json={"query": "{ _service { sdl } }"}, headers=EVENTS)
        for path in BOTH:
            forged = await client.post(path, json=ASKED, headers={"Authorization": "Bearer forged"})
            assert forged.status_code == 401
            forbidden = await client.post(path, json={"query": ENROL}, headers=partner)
            assert codes(forbidden) == ["FORBIDDEN"]
            introspection = await client.post(path, json={"query": "{ __schema { __typename } }"})
            assert codes(introspection) == ["INTROSPECTION_DISABLED"]
        deep = "{ node { " * 70 + "id" + " } }" * 70
        refused = [await client.post(path, json={"query": deep}) for path in BOTH]
        trail = await gateway.enrolment.ledger.read(
            lambda c: c.execute(select(audit_record.c.act, audit_record.c.target)).all()
        )

    assert found.json()["data"] == {"_entities": [None]}
    assert "@key" in streamed.text
    assert [codes(each) for each in refused] == [["QUERY_TOO_DEEP"]] * 2
    left = [int(re.search(r"r=(\d+)", each.headers["ratelimit"])[1]) for each in refused]
    assert left[1] < left[0]  # one budget, wherever it is spent
    # somebody reached for what is not theirs: in the trail, and not as often as they like
    assert trail == [(Act.ACCESS_REFUSED, "Mutation.enrol")]


def codes(answer):
    return [each["extensions"]["code"] for each in answer.json()["errors"]]
