"""What is counted: every metric there is, on one registry.

Labels have few values: partners of the partners files, operations and clients that are known,
error codes of ours.  What clients make up is "other".
"""

import weakref
from typing import Protocol

from prometheus_client import Counter, Gauge, Histogram

from gateway.telemetry.tallies import SettlingRegistry, Tallies

TALLIES = Tallies()
REGISTRY = SettlingRegistry(TALLIES)

PROCESS_STARTED = Gauge(
    "mitra_process_start_time_seconds",
    "When a process began, by what it does: serving, or work beside those that serve (worker).",
    ["role"],
    registry=REGISTRY,
)
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
KEY_FETCHES = Counter(
    "mitra_identity_key_fetches",
    "Fetches of the OpenID provider's public keys, by what came of them.",
    ["outcome"],
    registry=REGISTRY,
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
    "Reads of remembered values by what was served: finished (as it is sent, on the hot path), "
    "fresh (from memory), taken (made by another request or, through Redis, another process), "
    "stale (while it was made anew), made (now), last_known (it could not be made), nothing.",
    ["cache", "outcome"],
    registry=REGISTRY,
)
CACHE_BYTES = Gauge(
    "mitra_cache_bytes", "Bytes of remembered values in memory.", ["cache"], registry=REGISTRY
)


class Sized(Protocol):
    """What knows how many bytes it holds."""

    @property
    def size(self) -> int:
        """Bytes held, roughly."""


def tell_size(cache: str, sized: Sized) -> None:
    """Have a metric tell how much a cache holds, as long as it is there."""
    known = weakref.ref(sized)

    def size() -> int:
        found = known()
        return found.size if found else 0

    CACHE_BYTES.labels(cache).set_function(size)


GRAPHQL_OPERATIONS_COMPILED = Counter(
    "mitra_graphql_operations_compiled",
    "Runs of operations by whether a compiled one answered (compiled), or why it was left to the "
    "interpreter: it was asked for the first time (first), or by what cannot be compiled in it "
    "(subscription, introspection, directive, fragment_variables, condition, variants, size).",
    ["outcome"],
    registry=REGISTRY,
)
GRAPHQL_DOCUMENTS = Counter(
    "mitra_graphql_documents",
    "GraphQL documents by whether they were known: read, validated and priced before (hit), or "
    "not (miss).",
    ["outcome"],
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
OPERATIONS = Counter(
    "mitra_operations",
    "GraphQL operations by what came of them: ok, errors (in the answer), refused (not run), "
    "failed (on our side), gone (who asked has left).",
    ["operation", "kind", "outcome"],
    registry=REGISTRY,
)
OPERATION_SECONDS = Histogram(
    "mitra_operation_seconds",
    "How long clients waited for the answers to GraphQL operations.",
    ["operation", "kind"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=REGISTRY,
)
OPERATION_ERRORS = Counter(
    "mitra_operation_errors",
    "Errors in answers to GraphQL operations by code.",
    ["operation", "code"],
    registry=REGISTRY,
)
CLIENT_OPERATIONS = Counter(
    "mitra_client_operations",
    "GraphQL operations by client (`apollographql-client-name`) and what came of them.",
    ["client", "outcome"],
    registry=REGISTRY,
)
CLIENT_COST = Counter(
    "mitra_client_cost",
    "Points of cost that clients' GraphQL operations were counted with.",
    ["client"],
    registry=REGISTRY,
)
REQUESTS_IN_FLIGHT = Gauge(
    "mitra_requests_in_flight", "HTTP requests that are being answered.", registry=REGISTRY
)
EVENT_LOOP_LAG = Histogram(
    "mitra_event_loop_lag_seconds",
    "How late the event loop came to a task that was due: what blocks it holds up all answers.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
    registry=REGISTRY,
)
