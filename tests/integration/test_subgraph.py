"""The subgraph over HTTP: there where it is switched on, under the same rules as `/graphql`."""

import httpx
import pytest

from gateway.app import Gateway
from gateway.asgi import create_app
from gateway.settings import Profile, Settings
from schema.ids import NodeKind, to_global_id

pytestmark = pytest.mark.anyio

URL = "http://mitra/graphql/subgraph"
ASKED = {
    "query": "query ($these: [_Any!]!) { _entities(representations: $these) { __typename } }",
    "variables": {
        "these": [{"__typename": "Course", "id": to_global_id(NodeKind.COURSE, "no-such-course")}]
    },
}


def a_client(settings, gateway=None):
    return httpx.AsyncClient(transport=httpx.ASGITransport(create_app(settings, gateway)))


async def test_it_is_not_there_unless_it_is_switched_on(tmp_path):
    async with a_client(Settings(profile=Profile.DEVELOPMENT, data_dir=tmp_path)) as client:
        assert (await client.post(URL, json=ASKED)).status_code == 404


async def test_routers_ask_it_as_clients_ask_the_rest(tmp_path):
    settings = Settings(profile=Profile.DEVELOPMENT, data_dir=tmp_path, subgraph=True)
    gateway = Gateway(settings)

    async with gateway.opened(loaded=True), a_client(settings, gateway) as client:
        found = await client.post(URL, json=ASKED)
        forged = await client.post(URL, json=ASKED, headers={"Authorization": "Bearer forged"})

    assert found.json()["data"] == {"_entities": [None]}
    assert forged.status_code == 401
