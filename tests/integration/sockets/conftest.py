"""A gateway's socket on a real port, one for each test."""

import asyncio
import socket as network
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from gateway.execution.buckets import LocalBuckets
from gateway.execution.budgets import Budgets, Gate
from gateway.execution.engine import Engine
from gateway.identity.development import DevelopmentIssuer, read_development_key
from gateway.identity.verifier import TokenVerifier
from gateway.telemetry.operations import Operations
from gateway.web.streams.connections import Connections
from gateway.web.streams.socket import MOST_MESSAGE_BYTES, Patience, SocketEndpoint
from schema.model.viewer import Role, Viewer
from tests.integration.sockets.serving import (
    INIT_SECONDS,
    POINTS,
    RECHECK_SECONDS,
    EndlessWatch,
    NoLedger,
    Served,
)
from tests.unit.schema.api import Api


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    api = Api()
    watch = EndlessWatch(api)

    def build_context(viewer: Viewer) -> Any:
        return replace(api.context(viewer), watch=watch)

    connections = Connections()
    endpoint = SocketEndpoint(
        Gate(Engine(api.schema), Budgets(LocalBuckets(), points_a_minute=POINTS)),
        identify=TokenVerifier(
            [DevelopmentIssuer(read_development_key(tmp_path))], NoLedger()
        ).identify,
        build_context=build_context,
        connections=connections,
        allowed_origins=["https://mitra.example.id"],
        patience=Patience(INIT_SECONDS, RECHECK_SECONDS),
        observer=Operations(),
        may_introspect=lambda viewer: Role.OPERATOR in viewer.roles,
    )
    app = Starlette(routes=[WebSocketRoute("/graphql", endpoint)])
    with network.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, lifespan="off", log_level="warning", ws_max_size=MOST_MESSAGE_BYTES
        )
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        running = asyncio.create_task(server.serve(sockets=[listening]))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            yield Served(url, tmp_path, api, watch, connections)
        finally:
            server.should_exit = True
            await running
