"""Logs and metrics: events with fields, never sentences, never personal data or secrets."""

import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schema.redaction import redacted

REGISTRY = CollectorRegistry()

PARTNER_CALLS = Counter(
    "mitra_partner_calls",
    "Calls to partners by what came of them.",
    ["partner", "operation", "outcome"],
    registry=REGISTRY,
)
PARTNER_CALL_SECONDS = Histogram(
    "mitra_partner_call_seconds",
    "How long guarded partner calls took, retries included.",
    ["partner", "operation"],
    registry=REGISTRY,
)
PARTNER_BREAKERS = Gauge(
    "mitra_partner_breaker",
    "Partners' circuit breakers, for reading lists, for enrolments and for quotes: 0 closed, "
    "0.5 half open, 1 open.",
    ["partner", "work"],
    registry=REGISTRY,
)
SYNC_ROWS = Counter(
    "mitra_sync_rows",
    "Rows of partners' catalogues by what became of them.",
    ["partner", "outcome"],
    registry=REGISTRY,
)
SYNC_RUNS = Counter(
    "mitra_sync_runs", "Catalogue syncs by outcome.", ["partner", "outcome"], registry=REGISTRY
)
HELD_SYNCS = Gauge(
    "mitra_held_syncs", "Partners' lists that wait for an operator's decision.", registry=REGISTRY
)
CATALOGUE_REVISION = Gauge(
    "mitra_catalogue_revision", "The catalogue revision being served.", registry=REGISTRY
)
ENROLMENTS = Counter(
    "mitra_enrolment_changes", "Changes of enrolments by new status.", ["status"], registry=REGISTRY
)
RECONCILIATIONS = Counter(
    "mitra_reconciliations",
    "Comparisons with partners' statements by outcome.",
    ["partner", "outcome"],
    registry=REGISTRY,
)
OVERDUE_ENROLMENTS = Gauge(
    "mitra_overdue_enrolments",
    "Enrolments that are not settled though their `expectedBy` has passed.",
    ["partner"],
    registry=REGISTRY,
)
CACHE_UNAVAILABLE = Counter(
    "mitra_cache_unavailable", "Reads and writes that found no Redis.", registry=REGISTRY
)
CACHE_READS = Counter(
    "mitra_cache_reads",
    "Reads of remembered values by what was served: fresh, stale (while it was made anew), made "
    "(now), last_known (it could not be made), nothing.",
    ["cache", "outcome"],
    registry=REGISTRY,
)
GRAPHQL_REQUESTS = Counter(
    "mitra_graphql_requests", "GraphQL requests by HTTP status.", ["status"], registry=REGISTRY
)
PARTNER_API_CALLS = Counter(
    "mitra_partner_api_calls",
    "Calls that partners made to us, by HTTP status.",
    ["call", "status"],
    registry=REGISTRY,
)
WEBHOOKS_RECEIVED = Counter(
    "mitra_webhooks_received",
    "Webhooks of partners by what became of them.",
    ["partner", "outcome"],
    registry=REGISTRY,
)
WEBHOOKS_SENT = Counter(
    "mitra_webhooks_sent",
    "Webhooks sent to subscribed systems by what came of them.",
    ["outcome"],
    registry=REGISTRY,
)
WEBHOOK_SUBSCRIPTIONS = Gauge(
    "mitra_webhook_subscriptions",
    "Subscriptions to webhooks by state: active, failing or disabled.",
    ["state"],
    registry=REGISTRY,
)
STREAMS = Gauge(
    "mitra_streams",
    "Connections that are open for long, by transport: websocket or sse.",
    ["transport"],
    registry=REGISTRY,
)


class _PresentStderr:
    """Standard error as it is when something is written: loggers outlive a redirection."""

    def write(self, text: str) -> int:
        """Write to the standard error of now."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush the standard error of now."""
        sys.stderr.flush()


class _Redacting:
    """Renders a line, and leaves out what may be a national id, wherever it came from."""

    def __init__(self, renderer: Any) -> None:
        self._renderer = renderer

    def __call__(self, logger: Any, name: str, event: Any) -> str:
        """Return the line."""
        return redacted(str(self._renderer(logger, name, event)))


class _RedactingFormatter(logging.Formatter):
    """Does the same for those who log through the standard library."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return redacted(super().format(record))


_in_force: dict[str, Any] = {}


def same_logging() -> Callable[[], None]:
    """Return what makes another process's loggers write as this one's do."""
    return partial(configure_logging, **_in_force)


def configure_logging(log_format: str = "auto", *, level: int = logging.INFO) -> None:
    """Send all loggers to standard error in one format."""
    _in_force.update(log_format=log_format, level=level)
    is_console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if is_console else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _Redacting(renderer),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(_PresentStderr()),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_RedactingFormatter(logging.BASIC_FORMAT))
