"""`/readyz` over real servers that go away: what we can do without degrades, what not unreadies."""

from contextlib import ExitStack

import httpx
import pytest
from starlette.applications import Starlette

from gateway.app import Gateway
from gateway.settings import Profile, Settings
from gateway.web.health import build_routes
from tests.servers import running_postgres, running_redis

pytestmark = pytest.mark.anyio


async def test_without_redis_ready_without_the_database_not(tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.probes.REMEMBERED", 0.0)
    is_stopping = False
    with ExitStack() as database, ExitStack() as cache:
        settings = Settings(
            profile=Profile.PRODUCTION,
            data_dir=tmp_path,
            database_url=f"{database.enter_context(running_postgres())}/postgres",
            redis_url=cache.enter_context(running_redis()),
        )
        gateway = Gateway(settings)
        app = Starlette(routes=build_routes(gateway.read_readiness, "", lambda: is_stopping))
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mitra.test")
        async with gateway.running(background=False), http:
            well = await http.get("/readyz")
            cache.close()
            without_redis = await http.get("/readyz")
            database.close()
            without_database = await http.get("/readyz")
            is_stopping = True
            stopping = await http.get("/readyz")

    assert (well.status_code, well.json()["degraded"]) == (200, [])
    assert (without_redis.status_code, without_redis.json()["degraded"]) == (200, ["redis"])
    assert without_database.status_code == 503
    assert without_database.json()["waitingFor"] == ["database catalogue", "database ledger"]
    assert (stopping.status_code, stopping.json()["stopping"]) == (503, True)
