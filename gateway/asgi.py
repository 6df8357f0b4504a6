"""The web application of one process: every address, and what answers there."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from gateway.app import Gateway
from gateway.catalogue.published import PublishedCourses
from gateway.execution.answers import SharedAnswers
from gateway.execution.engine import Engine
from gateway.openapi import document as openapi
from gateway.partner_api.endpoint import BASE
from gateway.push import endpoint as push
from gateway.settings import Settings
from gateway.telemetry import configure_logging
from gateway.web import explorer, pages
from gateway.web.examples import build_ready_operations
from gateway.web.graphql import GraphQLEndpoint
from gateway.web.health import build_routes
from gateway.web.sitemap import MOST_URLS
from gateway.web.streams.connections import Connections
from gateway.web.streams.socket import SocketEndpoint
from gateway.webhooks import incoming as webhooks
from schema.build import build_schema, export_sdl
from schema.model.viewer import ANONYMOUS
from schema.subgraph import SubgraphSchema

log = structlog.get_logger(__name__)


def create_app(settings: Settings, gateway: Gateway | None = None) -> Starlette:
    """Return the web application of one process."""
    served = gateway or Gateway(settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with served.running(background=settings.background):
            yield

    schema = build_schema(_log_surprise)
    endpoint = GraphQLEndpoint(
        schema,
        identify=served.verifier.identify,
        build_context=served.build_context,
        explorer=_build_explorer(served) if settings.is_development else None,
    )
    sockets = SocketEndpoint(
        Engine(schema),
        identify=served.verifier.identify,
        build_context=served.build_context,
        connections=Connections(),
        allowed_origins=[settings.public_origin] if settings.public_origin else [],
    )
    routes: list[Route | WebSocketRoute | Mount] = [
        Route("/graphql", SharedAnswers(endpoint, served.cache, served.catalogue.epoch)),
        WebSocketRoute("/graphql", sockets),
        Route(BASE + "{call:path}", served.partner_api),
        Route(openapi.PATH, openapi.serve),
        Route(push.PATH, served.push),
        Route(webhooks.PATH, served.webhooks.incoming),
        *build_routes(served.readiness, export_sdl()),
        *pages.build_routes(_build_site(served)),
    ]
    if settings.subgraph:
        routes.append(Route("/graphql/subgraph", _build_subgraph(served)))
    if settings.is_development:  # it may be built while we run
        routes.append(Mount("/explorer", StaticFiles(directory=explorer.STATIC, check_dir=False)))
    return Starlette(routes=routes, lifespan=lifespan)


def create_app_from_environment() -> Starlette:
    """Return the web application as the environment describes it: what servers import."""
    settings = Settings()
    configure_logging(settings.log_format)
    return create_app(settings)


def _build_site(gateway: Gateway) -> pages.Site:
    catalogue = gateway.catalogue
    return pages.Site(
        base_url=gateway.settings.base_url,
        courses=PublishedCourses(catalogue.database, catalogue.changes, MOST_URLS),
        cache=gateway.cache,
        snapshot=lambda: catalogue.follower.snapshot,
        build_context=lambda: gateway.build_context(ANONYMOUS),
    )


def _build_subgraph(gateway: Gateway) -> GraphQLEndpoint:
    return GraphQLEndpoint(
        SubgraphSchema(_log_surprise),
        identify=gateway.verifier.identify,
        build_context=gateway.build_context,
        explorer=None,
    )


def _build_explorer(gateway: Gateway) -> Callable[[Request], str]:
    def page(request: Request) -> str:
        operations = build_ready_operations(gateway.build_context, gateway.settings.data_dir)
        return explorer.to_page(operations, address=str(request.base_url).rstrip("/"))

    return page


def _log_surprise(error: Exception, error_id: str) -> None:
    log.error("graphql.unexpected_error", error_id=error_id, exc_info=error)
