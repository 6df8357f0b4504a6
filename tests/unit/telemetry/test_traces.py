"""Traces: a span per operation and per partner call, with names and numbers alone."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.partners.calls import CallReport, Operation
from gateway.parts.partners import count_call
from gateway.telemetry.operations import Operations
from gateway.telemetry.traces import TracingError, configure_tracing, is_wanted, to_parent
from schema.model.values import PartnerCode
from tests.tracing import recorded_spans

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01".encode()


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    with recorded_spans() as exporter:
        yield exporter


def test_an_operation_is_a_span_under_its_callers(spans):
    with Operations().operation({b"traceparent": PARENT}) as seen:
        seen.name, seen.kind, seen.status, seen.cost = "Search", "query", 200, 12
        seen.codes = ["INTERNAL"]

    [span] = spans.get_finished_spans()
    assert span.name == "query"
    assert format(span.context.trace_id, "032x") == TRACE_ID
    assert span.attributes == {
        "graphql.operation.name": "Search",
        "graphql.operation.type": "query",
        "http.response.status_code": 200,
        "mitra.cost": 12,
        "mitra.error_codes": ("INTERNAL",),
        "mitra.outcome": "failed",
    }
    assert not span.status.is_ok


def test_a_partner_call_is_a_span_inside_the_operation(spans):
    with Operations().operation({}):
        code = PartnerCode("tokopedia")
        count_call(CallReport(code, Operation.QUOTE, "unavailable", seconds=0.5, attempts=2))

    call, operation = spans.get_finished_spans()
    assert call.name == "partner quote"
    assert call.parent.span_id == operation.context.span_id
    assert call.attributes["mitra.partner"] == "tokopedia"
    assert call.attributes["mitra.attempts"] == 2
    assert call.end_time - call.start_time == 500_000_000


def test_an_exception_leaves_no_text_in_a_span(spans):
    with pytest.raises(ValueError, match="siti"), Operations().operation({}):
        raise ValueError("siti@example.id")

    [span] = spans.get_finished_spans()
    assert "siti" not in span.to_json()


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"",
        b"junk",
        b"00-" + b"0" * 32 + b"-b7ad6b7169203331-01",
        b"ff" + PARENT[2:],
        PARENT.upper(),
        b"00-a3174095204900017bcdefabcdefabcd-b7ad6b7169203331-01",  # it may hold a national id
    ],
)
def test_a_traceparent_that_is_none_is_ignored(header):
    assert to_parent(header) is None


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}, False),
    ],
)
def test_the_standard_variables_switch_tracing_on(environment, wanted):
    assert is_wanted(environment) is wanted


def test_an_exporter_that_we_do_not_have_is_refused_in_a_sentence():
    with pytest.raises(TracingError, match="OTEL_EXPORTER_OTLP_PROTOCOL"):
        configure_tracing({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
