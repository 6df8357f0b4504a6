"""Real servers that go away: what we can do without degrades, what not unreadies and is told."""

from contextlib import ExitStack

import httpx
import pytest
from starlette.applications import Starlette

from gateway.app import Gateway
from gateway.asgi import create_app
from gateway.identity.development import DevelopmentIssuer, issue_token, read_development_key
from gateway.identity.verifier import TokenVerifier
from gateway.settings import Profile, Settings
from gateway.web.health import build_routes
from schema.model.viewer import Role
from tests.servers import running_postgres, running_redis

pytestmark = pytest.mark.anyio


ENROL = """mutation { enrol(input: {offeringId: "any", idempotencyKey: "k-1"}) {
  userErrors { code }
} }"""
READ = "{ courses { totalCount } me { id balance { amount } } }"


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
        gateway.verifier = TokenVerifier([DevelopmentIssuer(read_development_key(tmp_path))])
        app = Starlette(routes=build_routes(gateway.read_readiness, "", lambda: is_stopping))
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mitra.test")
        graphql = httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(settings, gateway)),
            base_url="http://mitra.test",
            headers={"Authorization": f"Bearer {issue_token(tmp_path, Role.LEARNER, 'ani')}"},
        )
        async with gateway.running(background=False), http, graphql:
            well = await http.get("/readyz")
            cache.close()
            without_redis = await http.get("/readyz")
            database.close()
            without_database = await http.get("/readyz")
            written = await graphql.post("/graphql", json={"query": ENROL})
            read = await graphql.post("/graphql", json={"query": READ})
            is_stopping = True
            stopping = await http.get("/readyz")

    assert (well.status_code, well.json()["degraded"]) == (200, [])
    assert (without_redis.status_code, without_redis.json()["degraded"]) == (200, ["redis"])
    assert without_database.status_code == 503
    assert without_database.json()["waitingFor"] == ["database catalogue", "database ledger"]
    assert (written.status_code, written.headers["retry-after"]) == (503, "5")
    [error] = written.json()["errors"]
    assert (error["extensions"]["code"], error["extensions"]["retryAfter"]) == ("UNAVAILABLE", 5)
    assert read.status_code == 200
    assert read.json()["data"] == {"courses": {"totalCount": 0}, "me": None}
    assert [each["extensions"]["code"] for each in read.json()["errors"]] == ["UNAVAILABLE"]
    assert (stopping.status_code, stopping.json()["stopping"]) == (503, True)
