"""Traces by OpenTelemetry: a span per GraphQL operation and per guarded call of a partner.

The programme asks for spans through OpenTelemetry's API, which does nothing until a provider is
there.  `configure_tracing` makes one when the environment says where spans shall go, by the
`OTEL_…` variables that every language's SDK reads.  Spans hold names, numbers and codes, no
variables and nothing personal.  Partners are outside: their requests carry no `traceparent`.
"""

import os
import re
import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Protocol

from opentelemetry import trace
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)

from gateway.telemetry.observed import Observed, to_operation
from schema.redaction import redacted

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SWITCHES = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_TRACES_EXPORTER",
)
_NANOSECONDS = 1_000_000_000


class TracingError(RuntimeError):
    """Tracing is switched on and cannot be; the message says what to do."""


class PartnerCall(Protocol):
    """What a span tells of a guarded call that has ended."""

    @property
    def partner(self) -> str:
        """The partner's code."""

    @property
    def operation(self) -> str:
        """What was asked of it."""

    @property
    def outcome(self) -> str:
        """What came of it; "ok" if all went well."""

    @property
    def seconds(self) -> float:
        """How long it took."""

    @property
    def attempts(self) -> int:
        """How many requests were made."""


class OperationSpan:
    """The span of one operation."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def tell(self, seen: Observed) -> None:
        """Note how the operation went."""
        if not self._span.is_recording():
            return
        self._span.update_name(seen.kind or "graphql")  # names of operations are the client's
        attributes: dict[str, str | int | list[str] | None] = {
            "graphql.operation.name": to_operation(seen.name),
            "graphql.operation.type": seen.kind,
            "http.response.status_code": seen.status,
            "mitra.client": seen.client,
            "mitra.cost": seen.cost,
            "mitra.error_codes": list(seen.codes) or None,
            "mitra.outcome": seen.outcome,
        }
        for name, value in attributes.items():
            if value is not None:
                self._span.set_attribute(name, value)
        if seen.outcome == "failed":
            self._span.set_status(Status(StatusCode.ERROR))


_NO_SPAN = OperationSpan(trace.INVALID_SPAN)


@contextmanager
def operation_span(headers: Mapping[bytes, bytes]) -> Iterator[OperationSpan]:
    """Open a span for one operation, under the caller's if its `traceparent` names one."""
    if not is_tracing():
        yield _NO_SPAN
        return
    parent = to_parent(headers.get(b"traceparent"))
    context = trace.set_span_in_context(NonRecordingSpan(parent)) if parent else None
    with _tracer().start_as_current_span(
        "graphql",
        context,
        kind=SpanKind.SERVER,
        record_exception=False,  # its text may hold anything
        set_status_on_exception=False,
    ) as span:
        yield OperationSpan(span)


def trace_call(call: PartnerCall) -> None:
    """Make the span of a guarded call of a partner that has just ended."""
    if not is_tracing():
        return
    ended = time.time_ns()
    span = _tracer().start_span(
        f"partner {call.operation}",
        kind=SpanKind.CLIENT,
        start_time=ended - int(call.seconds * _NANOSECONDS),
        attributes={
            "mitra.partner": call.partner,
            "mitra.operation": call.operation,
            "mitra.outcome": call.outcome,
            "mitra.attempts": call.attempts,
        },
    )
    if call.outcome != "ok":
        span.set_status(Status(StatusCode.ERROR, call.outcome))
    span.end(ended)


def to_parent(traceparent: bytes | None) -> SpanContext | None:
    """Return the span that a W3C `traceparent` header names; None if it names none.

    One in two hundred random ones might hold a national id, and is not taken over either.
    """
    found = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if found is None or traceparent is None or traceparent.startswith(b"ff"):
        return None
    if redacted(text := traceparent.decode()) != text:
        return None
    trace_id, span_id, flags = (int(found[number], 16) for number in (1, 2, 3))
    parent = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return parent if parent.is_valid else None


def current_trace_id() -> str | None:
    """Return the id of the trace that is being recorded here, if one is."""
    if not is_tracing():
        return None
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else None


def is_tracing() -> bool:
    """Return whether spans go anywhere."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Return whether the environment says where spans shall go."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if environment.get("OTEL_TRACES_EXPORTER", "").lower() == "none":
        return False
    return any(environment.get(name) for name in _SWITCHES)


def configure_tracing(environment: MutableMapping[str, str] = os.environ) -> None:
    """Send spans where the environment says, if it says so.  Raises `TracingError`."""
    if not is_wanted(environment) or is_tracing():
        return
    exporter = environment.get("OTEL_TRACES_EXPORTER", "otlp")
    protocol = environment.get("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    if exporter != "otlp" or protocol != "http/protobuf":
        raise TracingError(
            f"traces are sent by OTLP over http/protobuf, not by {exporter} over {protocol}; set "
            "OTEL_TRACES_EXPORTER=otlp and OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or neither"
        )
    environment.setdefault("OTEL_SERVICE_NAME", "mitra")
    try:
        _install()
    except ImportError as exc:
        raise TracingError(
            "OTEL_… asks for traces, and what sends them is not installed: "
            "pip install 'mitra-gateway[tracing]', or set OTEL_SDK_DISABLED=true"
        ) from exc


def _install() -> None:
    # Optional packages: only those who trace need them.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider()  # reads OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, samplers
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def _tracer() -> trace.Tracer:
    return trace.get_tracer("mitra")
