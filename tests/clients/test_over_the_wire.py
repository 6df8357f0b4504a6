"""Frontends' clients against one gateway: the audit, caches, subscriptions, and misused sockets."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.identity.development import issue_token
from schema.model.viewer import Role
from tests.clients.conftest import Program, running, told_by
from tests.clients.partner import CODE, COURSES, Partner
from tests.e2e.conftest import Mitra

AUDITS = 61
CLOSE_CODES = (4400, 4401, 4408, 4409, 4429)
LIST = """query ($partner: String!) {
  courses(filter: { partners: [$partner] }, first: 100) { nodes { id offerings { id } } }
}"""
ENROL = """mutation ($input: EnrolInput!) {
  enrol(input: $input) { enrolment { id } userErrors { message } }
}"""


@pytest.fixture(scope="module", autouse=True)
def misuser(mitra: Mitra) -> Iterator[Program]:
    """What misuses sockets; it runs beside the other tests, for one of its sockets waits."""
    token = issue_token(mitra.data_dir, Role.OPERATOR, "rina")
    with running("misuse.mjs", f"{mitra.url}/graphql", token=token) as program:
        yield program


def test_graphql_over_http_is_spoken_exactly(mitra: Mitra):
    audited = told_by("audit.mjs", f"{mitra.url}/graphql")

    failed = [each for each in audited if each["status"] != "ok"]
    assert failed == []
    assert len(audited) == AUDITS


@pytest.fixture(scope="module", params=["apollo", "urql", "relay"])
def told(
    request: pytest.FixtureRequest, mitra: Mitra, partner: Partner, relay_project: Path
) -> dict[str, Any]:
    """What a client says of its journey: see journey.mjs."""
    token = mitra.token(request.param)
    arguments = (f"{mitra.url}/graphql", CODE, relay_project)
    partner.close_desk()
    with running(f"{request.param}.mjs", *arguments, token=token) as client:
        before = client.line()
        partner.open_desk()
        [after] = client.rest()
        return {**before, **after, "client": request.param}


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_a_list_is_walked_without_gap_or_double(mitra: Mitra, told: dict, direction: str):
    listed = [node["id"] for node in mitra.ask(LIST, partner=CODE)["courses"]["nodes"]]

    assert told[direction] == listed
    assert len(set(listed)) == COURSES


def test_a_course_is_one_entity_whichever_field_led_to_it(told: dict):
    assert told["course"]["recalled"] == told["course"]["answered"]
    assert None not in told["course"]["answered"].values()


def test_a_list_on_the_screen_shows_what_another_query_read(told: dict):
    assert told["shown"] in {"RESERVED", "SUBMITTING"}
    assert told["statuses"]["afterReading"] == "CONFIRMED"


def test_a_list_on_the_screen_shows_what_a_mutation_changed(told: dict):
    assert told["statuses"]["answered"] == "CANCEL_REQUESTED"
    assert told["statuses"]["afterChanging"] == told["statuses"]["answered"]
    assert Counter(told["sent"])["Me"] == 1, "the list was asked for again"


def test_no_cache_warns_of_what_it_cannot_keep_apart(told: dict):
    assert told["warnings"] == []


def test_relay_alone_sends_ids_in_place_of_texts(told: dict):
    assert told["texts"] == (0 if told["client"] == "relay" else len(told["sent"]))


def test_apollo_sends_a_text_once_and_its_hash_ever_after(mitra: Mitra):
    asked = told_by("persisted.mjs", f"{mitra.url}/graphql")

    assert asked["sent"] == [
        {"method": "GET", "text": False},
        {"method": "POST", "text": True},
        {"method": "GET", "text": False},
    ]
    assert asked["first"] == asked["again"]


@pytest.mark.parametrize("transport", ["ws", "sse", "explorer"])
def test_an_enrolment_is_followed_until_it_is_confirmed(
    mitra: Mitra, partner: Partner, transport: str
):
    token = mitra.token(f"follows-by-{transport}")
    partner.close_desk()
    enrolment = enrolled(mitra, token)
    arguments = (transport, f"{mitra.url}/graphql", enrolment, "CONFIRMED")

    with running("subscribe.mjs", *arguments, token=token) as follower:
        first = follower.line()
        partner.open_desk()
        told = [first, *follower.rest()]

    changes = [each["data"]["enrolmentChanged"] for each in told]
    assert changes[0]["status"] in {"RESERVED", "SUBMITTING"}
    assert changes[-1]["status"] == "CONFIRMED"
    assert {each["id"] for each in changes} == {enrolment}


def enrolled(mitra: Mitra, token: str) -> str:
    """Return the id of a learner's new enrolment."""
    [course, *_] = mitra.ask(LIST, partner=CODE)["courses"]["nodes"]
    wish = {"offeringId": course["offerings"][0]["id"], "idempotencyKey": "followed"}
    enrolment: str = mitra.ask(ENROL, token, input=wish)["enrol"]["enrolment"]["id"]
    return enrolment


def test_each_misuse_of_a_socket_has_its_close_code(misuser: Program):
    [closed_with] = misuser.rest()

    assert closed_with == {str(code): code for code in CLOSE_CODES}
