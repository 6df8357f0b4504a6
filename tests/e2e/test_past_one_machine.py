"""The large installation: PostgreSQL, Redis, two serving processes, and a worker that syncs."""

from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.conftest import Mitra, eventually, http, running
from tests.e2e.enrolling import BOOKABLE, ENROL, offering_of, wait_for


@pytest.fixture
def large(tmp_path, postgres_url, redis_url) -> Iterator[Mitra]:
    environment = {
        "MITRA_DATABASE_URL": postgres_url,
        "MITRA_REDIS_URL": redis_url,
        "MITRA_BACKGROUND": "false",
        "MITRA_WORKERS": "2",
    }
    with running(tmp_path, "sandbox", "worker", "gateway", **environment) as mitra:
        yield mitra


def test_serving_processes_follow_the_worker_and_enrolments_are_delivered(large):
    count = "{ courses { totalCount } }"
    eventually(  # so many questions reach every process
        lambda: all(large.ask(count)["courses"]["totalCount"] == 1500 for _ in range(12)),
        what="the serving processes have followed the worker's syncs",
    )
    offering, _ = offering_of(large, "bukalapak", has_session=False)
    token = large.token("made")
    wish = {"offeringId": offering, "idempotencyKey": "across-processes"}

    answers = [large.ask(ENROL, token, input=wish)["enrol"] for _ in range(4)]
    confirmed = wait_for(large, answers[0]["enrolment"]["id"], token, "CONFIRMED")

    assert len({answer["enrolment"]["id"] for answer in answers}) == 1
    assert confirmed["partnerReference"]
    assert large.ask(BOOKABLE, partners=["bukalapak"])["courses"]["nodes"]
    assert sorted(roles_told(large)) == ["serving", "serving", "worker"]


def roles_told(mitra: Mitra) -> list[str]:
    """Return what the processes do whose metrics one of them tells."""
    text = http.get(f"{mitra.url}/metrics").text
    told = {family.name: family for family in text_string_to_metric_families(text)}
    return [each.labels["role"] for each in told["mitra_process_start_time_seconds"].samples]
