"""The web application of one process: every address, and what answers there."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp

import gateway.lean  # noqa: F401 - before what it is about
from gateway import collecting
from gateway.app import Gateway
from gateway.catalogue.published import PublishedCourses
from gateway.draining import Draining
from gateway.execution.answers import to_edition
from gateway.execution.at_hand import AtHand
from gateway.execution.manifests import load_manifests
from gateway.execution.publicity import Publicity
from gateway.execution.sharing import SharedAnswers
from gateway.openapi import document as openapi
from gateway.partner_api.endpoint import BASE
from gateway.parts.execution import ExecutionPart
from gateway.push import endpoint as push
from gateway.settings import Settings
from gateway.telemetry import CACHE_READS, TALLIES, configure_logging, tell_size
from gateway.telemetry.operations import Operations
from gateway.telemetry.traces import configure_tracing
from gateway.web import explorer, pages
from gateway.web.answering import Answering
from gateway.web.cors import Cors
from gateway.web.examples import build_ready_operations, issue_headers
from gateway.web.explorer.desk import ExplorerDesk
from gateway.web.graphql import GraphQLEndpoint
from gateway.web.health import build_routes
from gateway.web.hot import HotPath
from gateway.web.observing import ObservedEndpoint, known_names, observed
from gateway.web.outermost import Outermost
from gateway.web.sitemap import MOST_URLS
from gateway.web.straight import Straight
from gateway.web.streams.connections import Connections
from gateway.web.streams.events import EventStreams
from gateway.web.streams.socket import SocketEndpoint
from gateway.web.surprises import log_surprise, passes_in
from gateway.webhooks import incoming as webhooks
from schema.build import MaskingSchema, build_schema, export_sdl
from schema.model.viewer import ANONYMOUS
from schema.subgraph import SubgraphSchema


@dataclass(frozen=True, slots=True)
class _GraphQL:
    """What both ways to ask share."""

    gateway: Gateway
    execution: ExecutionPart
    schema: MaskingSchema
    connections: Connections
    observer: Operations
    at_hand: AtHand

    def as_subgraph(self) -> "_GraphQL":
        """Return the same over the schema that a federation's router asks."""
        schema = SubgraphSchema(log_surprise, passes_in)
        execution = ExecutionPart(self.gateway.settings, schema, beside=self.execution)
        return replace(self, execution=execution, schema=schema)


def create_app(settings: Settings, gateway: Gateway | None = None) -> ASGIApp:
    """Return the web application of one process."""
    served = gateway or Gateway(settings)
    draining, graphql = Draining(settings.drains_for), _build_graphql(served)
    draining.when_stopping(graphql.connections.end)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            async with served.running(background=settings.background):
                with draining.before_the_server():
                    yield
        finally:
            await graphql.execution.aclose()

    desk = _build_explorer(_build_endpoint(graphql), served)
    routes: list[Route | WebSocketRoute | Mount] = [
        WebSocketRoute("/graphql", _build_sockets(graphql)),
        Route(BASE + "{call:path}", served.partner_api),
        Route(openapi.PATH, openapi.serve),
        Route(push.PATH, served.push),
        Route(webhooks.PATH, served.webhooks.incoming),
        *build_routes(
            served.read_readiness,
            export_sdl(),
            lambda: draining.is_draining,
            served.metrics.told,
        ),
        *pages.build_routes(_build_site(served)),
        *desk.routes(),
    ]
    asked: dict[str, ASGIApp] = {"/graphql": desk}
    if settings.subgraph:
        asked["/graphql/subgraph"] = _build_endpoint(graphql.as_subgraph())
    routed = Starlette(routes=routes, lifespan=lifespan)
    routed.router.redirect_slashes = False  # to whatever host the request says that it is for
    app = Straight(routed, asked)
    hot = HotPath(
        Outermost(app, draining, is_https=settings.base_url.startswith("https://")),
        identify=served.verifier.identify,
        budgets=graphql.execution.budgets,
        counting=graphql.observer.counting,
        draining=draining,
        at_hand=graphql.at_hand,
    )
    tell_size("finished", hot)
    return hot


def create_app_from_environment() -> ASGIApp:
    """Return the web application as the environment describes it: what servers import."""
    settings = Settings()
    configure_logging(settings.log_format)
    configure_tracing()
    app = create_app(settings)
    collecting.tidy()
    return app


def _build_graphql(gateway: Gateway) -> _GraphQL:
    settings, schema = gateway.settings, build_schema(log_surprise, passes_in=passes_in)
    manifests = load_manifests(settings.persisted) if settings.persisted else ()
    return _GraphQL(
        gateway,
        ExecutionPart(settings, schema),
        schema,
        Connections(),
        Operations(known_names(manifests), logged_share=settings.access_log),
        AtHand(),
    )


def _build_endpoint(graphql: _GraphQL) -> ASGIApp:
    gateway, settings = graphql.gateway, graphql.gateway.settings
    identify, engine = gateway.verifier.identify, graphql.execution.engine
    answering = Answering(
        graphql.execution.gate,
        gateway.build_context,
        shared=SharedAnswers(
            gateway.cache if settings.redis_url else None,
            gateway.catalogue,
            graphql.at_hand,
            edition=to_edition(graphql.schema.as_str(), *gateway.catalogue.unchanging),
            on_given=TALLIES.by_outcome(CACHE_READS, "answers"),
        ),
        to_public=Publicity(graphql.schema),
        events=EventStreams(engine, identify, graphql.connections),
        may_introspect=settings.may_introspect.admits,
    )
    endpoint = GraphQLEndpoint(
        answering,
        identify=identify,
        cors=Cors(settings.cors_origins, credentials=settings.cors_credentials),
        most_batched=settings.most_batched,
        observed=observed,
    )
    return ObservedEndpoint(endpoint, graphql.observer)


def _build_sockets(graphql: _GraphQL) -> SocketEndpoint:
    gateway, settings = graphql.gateway, graphql.gateway.settings
    ours = [settings.public_origin] if settings.public_origin else []
    return SocketEndpoint(
        graphql.execution.gate,
        identify=gateway.verifier.identify,
        build_context=gateway.build_context,
        connections=graphql.connections,
        may_introspect=settings.may_introspect.admits,
        allowed_origins=[*ours, *settings.cors_origins],
        observer=graphql.observer,
    )


def _build_site(gateway: Gateway) -> pages.Site:
    catalogue = gateway.catalogue
    return pages.Site(
        base_url=gateway.settings.base_url,
        courses=PublishedCourses(catalogue.database, catalogue.changes, MOST_URLS),
        cache=gateway.cache,
        snapshot=lambda: catalogue.follower.snapshot,
        build_context=lambda: gateway.build_context(ANONYMOUS),
    )


def _build_explorer(answers: ASGIApp, gateway: Gateway) -> ExplorerDesk:
    settings = gateway.settings

    def page(request: Request, headers: Mapping[str, str]) -> str:
        if settings.is_development and not headers:
            headers = issue_headers(settings.data_dir)
        operations = build_ready_operations(gateway.build_context, headers)
        return explorer.to_page(operations, address=str(request.base_url).rstrip("/"))

    return ExplorerDesk(answers, settings.may_explore, gateway.verifier.identify, page)
