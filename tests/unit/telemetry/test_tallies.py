"""What happens thousands of times a second: counted in plain numbers, logged in sums."""

import asyncio
import logging

import pytest
import structlog
from structlog.testing import capture_logs

from gateway.telemetry import REGISTRY, sums, tallies
from gateway.telemetry.observed import Observed
from gateway.telemetry.operations import Known, Operations
from gateway.telemetry.sums import MOST_LINES, Line, Sums
from gateway.telemetry.tallies import SettlingRegistry, Tallies

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def loud():
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    yield
    structlog.reset_defaults()


def test_a_tally_tells_what_has_come_together_once():
    told, counts = [], Tallies()
    tally = counts.tally(told.append)
    for _ in range(3):
        tally.add()

    counts.settle()
    counts.settle()
    tally.add()
    counts.settle()

    assert told == [3, 1]


def test_who_reads_the_registry_sees_what_tallies_counted():
    told, counts = [], Tallies()
    registry = SettlingRegistry(counts)
    counts.tally(told.append).add()

    list(registry.collect())

    assert told == [1]


def test_tallies_do_not_wait_for_ever_for_somebody_who_reads(monkeypatch):
    monkeypatch.setattr(tallies, "MOST_WAITING", 2)
    told, counts = [], Tallies()

    for _ in range(2):
        counts.tally(told.append).add()

    assert told == [1, 1]


async def test_operations_of_a_kind_are_one_line_a_second_and_counted_each():
    operations = Operations(Known({"Search"}, {"web"}))
    seen = Observed("web", "Search", "query", 200, ["NOT_FOUND"], cost=5)
    spent = REGISTRY.get_sample_value("mitra_client_cost_total", {"client": "web"}) or 0.0
    count = operations.counting(seen)

    with capture_logs() as told:
        for _ in range(3):
            count(0.001)
        operations._again.flush()

    [line] = told
    assert line["event"] == "graphql.answered_again"
    assert (line["operation"], line["client"], line["times"]) == ("Search", "web", 3)
    after = REGISTRY.get_sample_value("mitra_client_cost_total", {"client": "web"})
    assert after == spent + 15


async def test_without_a_log_nothing_is_summed_for_it():
    operations = Operations(logged_share=0)
    operations.counting(Observed(name="Search"))(0.001)

    with capture_logs() as told:
        operations._again.flush()

    assert told == []


async def test_lines_are_few_whatever_clients_call_their_operations():
    told: list[tuple[object, int]] = []
    lines = Sums(lambda line, times: told.append((line, times)))
    for n in range(MOST_LINES + 7):
        lines.add(Line((("operation", n),), (("operation", "other"),)))

    lines.flush()

    assert len(told) == MOST_LINES + 1
    assert told[-1] == ((("operation", "other"),), 7)


async def test_lines_are_few_whoever_asks_and_whatever_it_costs():
    operations = Operations()
    with capture_logs() as told:
        for n in range(MOST_LINES + 7):
            operations.counting(Observed(f"app {n}", f"Q{n}", "query", 200, cost=n))(0.001)
        operations._again.flush()

    assert len(told) == MOST_LINES + 1
    assert (told[-1]["operation"], told[-1]["times"]) == ("other", 7)


async def test_sums_are_told_by_themselves(monkeypatch):
    monkeypatch.setattr(sums, "SECONDS", 0)
    told = []
    lines = Sums(lambda line, times: told.append((line, times)))
    for _ in range(2):  # from two who say the same
        lines.add(Line((("a", 1),), ()))

    await asyncio.sleep(0.001)

    assert told == [((("a", 1),), 2)]
