"""Where GraphQL requests come in: the engine, its documents, and what clients may spend."""

from typing import TYPE_CHECKING

import structlog

from gateway.execution.buckets import LocalBuckets
from gateway.execution.budgets import Budgets, Gate
from gateway.execution.engine import Engine
from gateway.execution.manifests import load_manifests
from gateway.execution.persisted import PersistedDocuments, trusted_texts
from gateway.settings import Settings
from gateway.telemetry import (
    CACHE_UNAVAILABLE,
    GRAPHQL_DOCUMENTS,
    GRAPHQL_OPERATIONS_COMPILED,
    TALLIES,
)
from schema.build import MaskingSchema

if TYPE_CHECKING:  # a process without Redis does without its client
    from gateway.execution.shared_buckets import SharedBuckets

log = structlog.get_logger(__name__)


class ExecutionPart:
    """The gate for requests, and what it rests on."""

    def __init__(
        self, settings: Settings, schema: MaskingSchema, *, beside: "ExecutionPart | None" = None
    ) -> None:
        """Read the manifests.  Raises `ManifestError` for a file that is none.

        What is built `beside` another part shares its budgets and has no manifests: they are
        of the other's schema.
        """
        self.engine = Engine(
            schema,
            documents=PersistedDocuments() if beside else _build_documents(settings),
            hints=settings.is_development,
            compiles=settings.compiles_operations,
            encodes=True,
            on_lookup=TALLIES.by_outcome(GRAPHQL_DOCUMENTS),
            on_outcome=TALLIES.by_outcome(GRAPHQL_OPERATIONS_COMPILED),
        )
        for name, refused in self.engine.unusable.items():
            reason = refused.errors[0].message
            log.error("persisted.unusable", document=name, reason=reason)
        self._shared = None if beside else _build_shared_buckets(settings)
        self.budgets: Budgets = beside.budgets if beside else _build_budgets(settings, self._shared)
        self.gate = Gate(self.engine, self.budgets)

    async def aclose(self) -> None:
        """Let go of the connections."""
        if self._shared is not None:
            await self._shared.close()


def _build_documents(settings: Settings) -> PersistedDocuments:
    manifests = load_manifests(settings.persisted) if settings.persisted else ()
    texts, clashes = trusted_texts(manifests)
    for manifest in manifests:
        for row in manifest.bad_rows:
            log.error("persisted.bad_row", row=str(row))
    for name in clashes:
        log.error("persisted.clash", document=name)
    return PersistedDocuments(
        texts,
        only_trusted=settings.trusted_documents_only,
        registers=settings.is_development,
    )


def _build_budgets(settings: Settings, shared: "SharedBuckets | None") -> Budgets:
    return Budgets(
        shared or LocalBuckets(processes=settings.workers),
        points_a_minute=settings.client_budget_per_minute,
        mutations_a_minute=settings.learner_mutations_per_minute,
    )


def _build_shared_buckets(settings: Settings) -> "SharedBuckets | None":
    if settings.redis_url is None:
        return None
    from gateway.cache.connecting import build_redis  # noqa: PLC0415 - see above
    from gateway.execution.shared_buckets import SharedBuckets  # noqa: PLC0415

    local, client = LocalBuckets(processes=settings.workers), build_redis(settings.redis_url)
    return SharedBuckets(client, local, on_unavailable=CACHE_UNAVAILABLE.inc)
