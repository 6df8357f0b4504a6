"""A serving process holds no more than serving takes: each has all of it in memory."""

import subprocess
import sys

import pytest

NEEDLESS = (
    "redis", "alembic", "psycopg", "sqlalchemy.orm", "aiohttp.web", "adapters.sandbox.server",
    "gateway.bench", "gateway.cli", "gateway.drills", "gateway.checking", "gateway.demo",
)  # fmt: skip
PRETTY = ("rich", "pygments")
PROGRAM = """
import sys
import gateway.asgi
print(*sys.modules)
sys.argv = ["mitra", "serve", "--help"]
try:
    from gateway.__main__ import main
    main()
except SystemExit:
    pass
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def told() -> list[str]:
    """What was imported before a server's own command line was asked for its help, and after."""
    return subprocess.check_output([sys.executable, "-c", PROGRAM], text=True).splitlines()


def test_a_server_without_redis_and_with_nothing_to_migrate_imports_nothing_of_either(told):
    loaded = told[-1].split()

    assert "gateway.asgi" in loaded
    assert not [name for name in NEEDLESS if name in loaded]


def test_a_server_imports_nothing_that_only_makes_things_pretty(told):
    loaded = told[0].split()

    assert {"gateway.asgi", "httpx", "structlog"} <= set(loaded)
    assert not [name for name in PRETTY if name in loaded]
