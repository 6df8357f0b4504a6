"""A process holds no more than its command takes: each has all of it in memory."""

import os
import subprocess
import sys

import pytest

NEEDLESS = (
    "redis", "alembic", "psycopg", "sqlalchemy.orm", "aiohttp.web", "adapters.sandbox.server",
    "adapters.sandbox.control", "adapters.scaffold", "gateway.bench", "gateway.drills",
    "gateway.checking", "gateway.demo", "gateway.console", "gateway.commands.telling",
    "hypothesis", "schemathesis", "rich", "pygments",
)  # fmt: skip
# What would run for ever is stood in for by what it makes.
PROGRAM = """
import sys
from contextlib import suppress
from gateway.__main__ import main

def stand_in():
    import gateway.commands.serving, gateway.serve, gateway.starting
    async def work(settings):
        pass
    gateway.serve.work = work
    gateway.serve.serve = lambda settings: gateway.starting.create_app()

if "--help" not in sys.argv:
    stand_in()
with suppress(SystemExit):
    main()
print(*sys.modules, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a command as far as it imports; tell what it printed, and which modules there are."""
    environment = os.environ | {"MITRA_DATA_DIR": str(tmp_path_factory.mktemp("data"))}

    def run(argument: str) -> tuple[str, set[str]]:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, argument],
            capture_output=True,
            check=True,
            text=True,
            env=environment,
        )
        return done.stdout, set(done.stderr.splitlines()[-1].split())

    return run


@pytest.mark.parametrize(
    ("command", "needed"), [("serve", "gateway.asgi"), ("worker", "gateway.app")]
)
def test_who_serves_or_works_imports_nothing_of_other_commands_or_of_what_is_not_used(
    run, command, needed
):
    _, modules = run(command)

    assert {needed, "httpx", "structlog"} <= modules
    assert not modules.intersection(NEEDLESS)


def test_help_names_every_command_and_imports_none(run):
    printed, modules = run("--help")

    assert {"serve", "bench", "sandbox"} <= set(printed.split())
    assert not {"gateway.app", "gateway.settings", "pydantic", "sqlalchemy"} & modules
