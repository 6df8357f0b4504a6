"""The web application of one process: every address, and what answers there."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp

from gateway.app import Gateway
from gateway.catalogue.published import PublishedCourses
from gateway.draining import Draining
from gateway.execution.answers import SharedAnswers
from gateway.execution.engine import Engine
from gateway.execution.manifests import load_manifests
from gateway.openapi import document as openapi
from gateway.partner_api.endpoint import BASE
from gateway.push import endpoint as push
from gateway.settings import Settings
from gateway.telemetry import configure_logging
from gateway.telemetry.operations import Operations
from gateway.telemetry.traces import configure_tracing
from gateway.web import explorer, pages
from gateway.web.examples import build_ready_operations, issue_headers
from gateway.web.explorer.desk import ExplorerDesk
from gateway.web.graphql import GraphQLEndpoint
from gateway.web.health import build_routes
from gateway.web.observing import ObservedEndpoint, known_names
from gateway.web.outermost import Outermost
from gateway.web.sitemap import MOST_URLS
from gateway.web.streams.connections import Connections
from gateway.web.streams.socket import SocketEndpoint
from gateway.webhooks import incoming as webhooks
from schema.build import build_schema, export_sdl
from schema.model.viewer import ANONYMOUS, Viewer

log = structlog.get_logger(__name__)


def create_app(settings: Settings, gateway: Gateway | None = None) -> ASGIApp:
    """Return the web application of one process."""
    served = gateway or Gateway(settings)
    draining, connections = Draining(settings.drains_for), Connections()
    draining.when_stopping(connections.end)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with served.running(background=settings.background):
            with draining.before_the_server():
                yield

    manifests = load_manifests(settings.persisted) if settings.persisted else ()
    observer = Operations(known_names(manifests), logged_share=settings.access_log)
    schema = build_schema(_log_surprise)
    endpoint = GraphQLEndpoint(
        schema,
        identify=served.verifier.identify,
        build_context=served.build_context,
        explorer=None,
    )
    sockets = SocketEndpoint(
        Engine(schema),
        identify=served.verifier.identify,
        build_context=served.build_context,
        connections=connections,
        allowed_origins=[settings.public_origin] if settings.public_origin else [],
        observer=observer,
    )
    shared = SharedAnswers(endpoint, served.cache, served.catalogue.epoch)
    answers = ObservedEndpoint(shared, observer)
    desk = _build_explorer(answers, served)
    routes: list[Route | WebSocketRoute | Mount] = [
        Route("/graphql", desk),
        WebSocketRoute("/graphql", sockets),
        Route(BASE + "{call:path}", served.partner_api),
        Route(openapi.PATH, openapi.serve),
        Route(push.PATH, served.push),
        Route(webhooks.PATH, served.webhooks.incoming),
        *build_routes(served.read_readiness, export_sdl(), lambda: draining.is_draining),
        *pages.build_routes(_build_site(served)),
        *desk.routes(),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    return Outermost(app, draining, is_https=settings.base_url.startswith("https://"))


def create_app_from_environment() -> ASGIApp:
    """Return the web application as the environment describes it: what servers import."""
    settings = Settings()
    configure_logging(settings.log_format)
    configure_tracing()
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


def _build_explorer(answers: ASGIApp, gateway: Gateway) -> ExplorerDesk:
    settings = gateway.settings

    def page(request: Request, headers: Mapping[str, str]) -> str:
        if settings.is_development and not headers:
            headers = issue_headers(settings.data_dir)
        operations = build_ready_operations(gateway.build_context, headers)
        return explorer.to_page(operations, address=str(request.base_url).rstrip("/"))

    async def identify(authorization: str | None) -> Viewer:
        return gateway.verifier.identify(authorization)

    return ExplorerDesk(answers, settings.may_explore, identify, page)


def _log_surprise(error: Exception, error_id: str) -> None:
    log.error("graphql.unexpected_error", error_id=error_id, exc_info=error)
