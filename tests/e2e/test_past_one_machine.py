"""The large installation: PostgreSQL, Redis, two serving processes, and a worker that syncs."""

from collections.abc import Iterator

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from schema.model.viewer import Role
from tests.e2e.conftest import Mitra, eventually, http, running
from tests.e2e.enrolling import BOOKABLE, ENROL, offering_of, wait_for

CONNECTIONS = 12  # of which each process gets some
OF_ONE = '{ courses(filter: {partners: ["pintaria"]}) { totalCount } }'
BLOCK = """mutation {
  blockCourses(input: {
    scope: PARTNER, value: "pintaria", reason: "under review", letter: "S-148/Dir-Eks/06/2020"
  }) { userErrors { message } }
}"""


@pytest.fixture(scope="module")
def large(tmp_path_factory, postgres_templates, redis_server) -> Iterator[Mitra]:
    environment = {
        "MITRA_DATABASE_URL": postgres_templates.create(),
        "MITRA_REDIS_URL": redis_server,
        "MITRA_BACKGROUND": "false",
        "MITRA_WORKERS": "2",
    }
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    folder = tmp_path_factory.mktemp("large")
    with running(folder, "sandbox", "worker", "gateway", **environment) as mitra:
        eventually(
            lambda: shown(mitra, "{ courses { totalCount } }") == {1500},
            what="the serving processes have followed the worker's syncs",
        )
        yield mitra
    postgres_templates.drop(environment["MITRA_DATABASE_URL"])


def test_serving_processes_follow_the_worker_and_enrolments_are_delivered(large):
    offering, _ = offering_of(large, "bukalapak", has_session=False)
    token = large.token("made")
    wish = {"offeringId": offering, "idempotencyKey": "across-processes"}

    answers = [large.ask(ENROL, token, input=wish)["enrol"] for _ in range(4)]
    confirmed = wait_for(large, answers[0]["enrolment"]["id"], token, "CONFIRMED")

    assert len({answer["enrolment"]["id"] for answer in answers}) == 1
    assert confirmed["partnerReference"]
    assert large.ask(BOOKABLE, partners=["bukalapak"])["courses"]["nodes"]
    assert sorted(roles_told(large)) == ["serving", "serving", "worker"]


def test_a_block_ends_what_processes_have_at_hand_and_what_they_share(large):
    for _ in range(3):  # then each process has it at hand
        before = shown(large, OF_ONE)
    answer = large.ask(BLOCK, large.token("rina", Role.OPERATOR))["blockCourses"]

    eventually(lambda: shown(large, OF_ONE) == {0}, what="nothing is shown", seconds=2)
    assert answer["userErrors"] == []
    assert len(before) == 1
    assert before.pop() > 0


def shown(mitra: Mitra, question: str) -> set[int]:
    """Return how many courses are shown, by so many connections that each process is asked."""
    return {mitra.ask(question)["courses"]["totalCount"] for _ in range(CONNECTIONS)}


def roles_told(mitra: Mitra) -> list[str]:
    """Return what the processes do whose metrics one of them tells."""
    text = http.get(f"{mitra.url}/metrics").text
    told = {family.name: family for family in text_string_to_metric_families(text)}
    return [each.labels["role"] for each in told["mitra_process_start_time_seconds"].samples]
