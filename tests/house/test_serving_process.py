"""A serving process holds no more than serving takes: each has all of it in memory."""

import subprocess
import sys

NEEDLESS = (
    "redis", "alembic", "psycopg", "sqlalchemy.orm", "aiohttp.web", "adapters.sandbox.server",
    "gateway.bench", "gateway.cli", "gateway.drills", "gateway.checking", "gateway.demo",
)  # fmt: skip
PROGRAM = """
import sys
sys.argv = ["mitra", "serve", "--help"]
try:
    from gateway.__main__ import main
    main()
except SystemExit:
    pass
print(*sys.modules)
"""


def test_a_server_without_redis_and_with_nothing_to_migrate_imports_nothing_of_either():
    told = subprocess.check_output([sys.executable, "-c", PROGRAM], text=True)

    loaded = told.split()
    assert "gateway.asgi" in loaded
    assert not [name for name in NEEDLESS if name in loaded]
