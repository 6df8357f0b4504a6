"""Who gets in by a socket, and for how long: tokens, origins, roles, and the protocol's name."""

import asyncio

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from schema.model.viewer import Role
from tests.integration.sockets.serving import FOLLOW, RECHECK_SECONDS, UNCHECKABLE, Served
from tests.subscribing import socket_to

pytestmark = pytest.mark.anyio


async def test_a_token_may_come_with_the_handshake(served: Served):
    enrolment = await served.enrolment()

    async with socket_to(served.url, token=served.token()) as socket:
        await socket.sign_in()
        await socket.subscribe(FOLLOW, id=enrolment)
        first = await anext(socket.answers())

    assert first == {"data": {"enrolmentChanged": {"status": "SUBMITTING"}}}


async def test_who_has_not_signed_in_follows_nothing(served: Served):
    enrolment = await served.enrolment("ani")

    async with socket_to(served.url) as socket:
        await socket.sign_in()
        await socket.subscribe(FOLLOW, id=enrolment)
        refused = await socket.hear()

    assert refused["type"] == "error"
    assert refused["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_token_that_ends_takes_its_socket_with_it(served: Served):
    async with served.following(served.token(ends_in=2)) as socket:
        async with asyncio.timeout(5):
            code = await socket.closed_with()

    assert code == 4403
    assert served.watch.following == 0


async def test_a_token_that_lasts_keeps_its_socket(served: Served):
    async with served.following(served.token()) as socket:
        await asyncio.sleep(3 * RECHECK_SECONDS)
        await socket.say(type="ping")

        assert await socket.hear() == {"type": "pong"}


@pytest.mark.parametrize("payload", ["Bearer nonsense", "Basic YTpi", "", 7, {"a": 1}])
async def test_a_token_that_proves_nothing_opens_nothing(served: Served, payload: object):
    async with socket_to(served.url) as socket:
        await socket.say(type="connection_init", payload={"authorization": payload})

        assert await socket.closed_with() == 4403


async def test_who_cannot_be_looked_at_is_told_to_come_again(served: Served):
    async with socket_to(served.url) as socket:
        await socket.say(type="connection_init", payload={"authorization": f"Bearer {UNCHECKABLE}"})

        assert await socket.closed_with() == 1013


async def test_who_says_nothing_is_closed(served: Served):
    async with socket_to(served.url) as socket, asyncio.timeout(2):
        assert await socket.closed_with() == 4408


@pytest.mark.parametrize("role", [Role.LEARNER, Role.OPERATOR])
async def test_the_schema_is_told_by_role(served: Served, role: Role):
    async with socket_to(served.url) as socket:
        await socket.sign_in(served.token("rina", role))
        await socket.subscribe("{ __schema { queryType { name } } }")
        told = await socket.hear()

    if role is Role.OPERATOR:
        assert told["payload"] == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
    else:
        assert told["payload"][0]["extensions"]["code"] == "INTROSPECTION_DISABLED"


async def test_a_page_of_another_origin_opens_nothing(served: Served):
    with pytest.raises(InvalidStatus) as refused:
        async with socket_to(served.url, origin="https://evil.example"):
            pass

    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", ["https://mitra.example.id", None])
async def test_our_own_pages_and_other_programs_get_in(served: Served, origin: str | None):
    async with socket_to(served.url, origin=origin or served.url) as socket:
        await socket.sign_in()


async def test_the_old_protocol_is_refused(served: Served):
    url = served.url.replace("http", "ws") + "/graphql"
    async with connect(url, subprotocols=["graphql-ws"]) as connection:  # type: ignore[list-item]
        await connection.wait_closed()

    assert connection.close_code == 4406
