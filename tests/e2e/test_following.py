"""Following an enrolment over a WebSocket, while other processes work on it."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import PATIENCE_SECONDS, Mitra, running
from tests.e2e.enrolling import ENROL, offering_of
from tests.subscribing import socket_to

pytestmark = pytest.mark.anyio

FOLLOW = "subscription ($id: ID!) { enrolmentChanged(id: $id) { status partnerReference } }"


@pytest.fixture(params=["sqlite", "postgresql"])
def apart(request: pytest.FixtureRequest, tmp_path) -> Iterator[Mitra]:
    """A gateway that only serves, beside a worker that delivers."""
    environment = {"MITRA_BACKGROUND": "false"}
    if request.param == "postgresql":
        environment["MITRA_DATABASE_URL"] = request.getfixturevalue("postgres_url")
    with running(tmp_path, "sandbox", "worker", "gateway", **environment) as mitra:
        yield mitra


async def test_a_learner_sees_what_becomes_of_an_enrolment(apart: Mitra):
    offering, _ = offering_of(apart, "bukalapak", has_session=False)
    token = apart.token("siti")
    apart.command("sandbox", "down", "bukalapak")
    wish = {"offeringId": offering, "idempotencyKey": "followed"}
    enrolment = apart.ask(ENROL, token, input=wish)["enrol"]["enrolment"]["id"]

    told = []
    async with asyncio.timeout(PATIENCE_SECONDS), socket_to(apart.url) as socket:
        await socket.sign_in(token)
        await socket.subscribe(FOLLOW, id=enrolment)
        async for answer in socket.answers():
            told.append(answer["data"]["enrolmentChanged"])
            if told[-1]["status"] == "SUBMITTING":
                await asyncio.to_thread(apart.command, "sandbox", "up", "bukalapak")
            if told[-1]["status"] == "CONFIRMED":
                break

    statuses = [each["status"] for each in told]
    assert statuses[-2:] == ["SUBMITTING", "CONFIRMED"]
    assert set(statuses[:-2]) <= {"RESERVED"}
    assert told[-1]["partnerReference"]
