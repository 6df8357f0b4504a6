"""What is told of GraphQL operations: few labels, no values, one line each."""

import logging

import pytest
import structlog
from structlog.testing import capture_logs

from gateway.execution.manifests import read_manifest
from gateway.telemetry import REGISTRY
from gateway.telemetry.observed import Observed, to_client, to_operation
from gateway.telemetry.operations import Known, Operations
from gateway.web.observing import known_names

NIK = "3201010101900001"


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def observe(operations: Operations, client: str | None = None, **known: object) -> None:
    headers = {} if client is None else {b"apollographql-client-name": client.encode()}
    with operations.operation(headers) as seen:
        for name, each in known.items():
            setattr(seen, name, each)


@pytest.fixture(autouse=True)
def loud():
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        (Observed(status=200), "ok"),
        (Observed(status=200, codes=["NOT_FOUND"]), "errors"),
        (Observed(status=200, codes=["BAD_USER_INPUT"], is_refused=True), "refused"),
        (Observed(status=401), "refused"),
        (Observed(status=200, codes=["INTERNAL"]), "failed"),
        (Observed(status=503), "failed"),
        (Observed(is_gone=True), "gone"),
        (Observed(), "ok"),
    ],
)
def test_an_operation_has_one_outcome(seen, outcome):
    assert seen.outcome == outcome


def test_registered_names_are_labels():
    operations = Operations(Known({"Search"}, {"web"}))
    before = value("mitra_operations_total", operation="Search", kind="query", outcome="ok")
    spent = value("mitra_client_cost_total", client="web")

    observe(operations, "web", name="Search", kind="query", status=200, cost=7)

    after = value("mitra_operations_total", operation="Search", kind="query", outcome="ok")
    assert after == before + 1
    assert value("mitra_client_cost_total", client="web") == spent + 7


def test_made_up_names_and_codes_are_one_label():
    operations = Operations(Known({"Search"}, {"web"}))

    for number in range(50):
        made_up = f"made_up_{number}"
        observe(operations, made_up, name=made_up, kind="query", codes=[made_up])

    labels = {
        label
        for metric in REGISTRY.collect()
        for sample in metric.samples
        for label in sample.labels.values()
    }
    assert not [label for label in labels if label.startswith("made_up")]
    assert value("mitra_operation_errors_total", operation="other", code="other") >= 50


def test_manifests_say_which_names_are_known():
    manifest = read_manifest(
        "web",
        b'{"format": "apollo-persisted-query-manifest", "version": 1, "operations": '
        b'[{"id": "1", "name": "Search", "body": "query Search { __typename }"}]}',
    )

    known = known_names([manifest])

    assert (known.operations, known.clients) == ({"Search"}, {"web"})


@pytest.mark.parametrize("code", ["FORBIDDEN", "CSRF_PREVENTED"])
def test_every_code_that_an_answer_may_carry_is_a_label(code):
    operations = Operations(known_names([]))
    before = value("mitra_operation_errors_total", operation="none", code=code)

    observe(operations, "web", codes=[code])

    assert value("mitra_operation_errors_total", operation="none", code=code) == before + 1


@pytest.mark.parametrize("name", [NIK, f"_{NIK}", "a\nb", "x" * 51, "", "\x1b[31m"])
def test_what_is_no_name_is_not_repeated(name):
    assert to_client(name.encode()) == "other"
    assert to_operation(name) == "other"


@pytest.mark.parametrize(
    ("share", "dice", "codes", "lines"),
    [
        pytest.param(1.0, 0.99, [], 1, id="all"),
        pytest.param(0.1, 0.5, [], 0, id="a share"),
        pytest.param(0.1, 0.05, [], 1, id="one of the share"),
        pytest.param(0.1, 0.5, ["INTERNAL"], 1, id="errors always"),
        pytest.param(0.0, 0.0, ["INTERNAL"], 0, id="off"),
    ],
)
def test_the_access_log_is_a_share_and_all_that_went_wrong(share, dice, codes, lines):
    operations = Operations(logged_share=share, dice=lambda: dice)

    with capture_logs() as told:
        observe(operations, codes=codes)

    assert len(told) == lines


def test_an_access_line_says_what_was_asked_by_whom_and_what_came_of_it():
    ticks = iter([1.0, 1.025])
    operations = Operations(clock=lambda: next(ticks))

    with capture_logs() as told:
        observe(operations, "web", name="Search", kind="query", status=200, codes=["A"], cost=3)

    assert told == [
        {
            "event": "graphql.answered",
            "log_level": "info",
            "operation": "Search",
            "kind": "query",
            "client": "web",
            "status": 200,
            "outcome": "errors",
            "codes": ["A"],
            "milliseconds": 25.0,
            "cost": 3,
        }
    ]
