"""One gateway and one small partner, for clients that other people wrote."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from tests.clients.partner import Partner, running_partner
from tests.e2e.conftest import Mitra
from tests.processes import forked
from tests.servers import free_port

HERE = Path(__file__).parent
SDL = HERE.parents[1] / "schema" / "schema.graphql"
RELAY_COMPILER = "node_modules/relay-compiler/cli.js"
NODE = shutil.which("node")
PATIENCE_SECONDS = 60


class Program:
    """One of this folder's programs while it runs; what it prints is lines of JSON."""

    def __init__(self, name: str, *arguments: object, token: str = "") -> None:
        command = [NODE or "node", str(HERE / name), *map(str, arguments)]
        environment = {**os.environ, "MITRA_TOKEN": token}
        self._process = subprocess.Popen(
            command, env=environment, stdout=PIPE, stderr=PIPE, text=True, encoding="utf-8"
        )

    def line(self) -> Any:
        """Return what its next line says."""
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline() or self._failure())

    def rest(self) -> list[Any]:
        """Return what all further lines say, once it has ended well."""
        told, problem = self._process.communicate(timeout=PATIENCE_SECONDS)
        assert self._process.returncode == 0, problem
        return [json.loads(line) for line in told.splitlines()]

    def stop(self) -> None:
        """End it, should it still run."""
        self._process.kill()
        self._process.communicate()

    def _failure(self) -> str:
        _, problem = self._process.communicate(timeout=PATIENCE_SECONDS)
        raise AssertionError(problem)


@contextmanager
def running(name: str, *arguments: object, token: str = "") -> Iterator[Program]:
    """Run a program; `token` is in its environment, not among what lists of processes show."""
    program = Program(name, *arguments, token=token)
    try:
        yield program
    finally:
        program.stop()


def printed_by(name: str, *arguments: object, cwd: Path = HERE) -> str:
    """Run a program, ours or an installed one, to its end; return what it printed."""
    done = subprocess.run(
        [NODE or "node", str(HERE / name), *map(str, arguments)],
        check=False,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def told_by(name: str, *arguments: object) -> Any:
    """Return what a program says at its end."""
    with running(name, *arguments) as program:
        return program.rest()[-1]


@pytest.fixture(scope="session", autouse=True)
def _clients_are_installed() -> None:
    if NODE is None:
        pytest.skip("Node is not installed: frontends' clients are not tried")
    if not (HERE / "node_modules" / ".ready").exists():
        pytest.skip("frontends' clients are not installed: `make clients` does it")


@pytest.fixture(scope="session")
def relay_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Relay's compiler has run: what it made, and a map of ids to texts."""
    folder = tmp_path_factory.mktemp("relay")
    shutil.copytree(HERE / "relay", folder, dirs_exist_ok=True)
    shutil.copy(HERE / "package.json", folder)  # it says that these are modules
    shutil.copy(SDL, folder)
    printed_by(RELAY_COMPILER, "relay.config.json", cwd=folder)
    return folder


@pytest.fixture(scope="session")
def partner() -> Iterator[Partner]:
    """The partner whose list is asked for."""
    with running_partner() as running:
        yield running


@pytest.fixture(scope="session")
def mitra(
    tmp_path_factory: pytest.TempPathFactory, partner: Partner, relay_project: Path
) -> Iterator[Mitra]:
    """One gateway that knows the partner and Relay's documents, ready to be asked."""
    folder = tmp_path_factory.mktemp("clients")
    manifests = folder / "manifests"
    manifests.mkdir()
    shutil.copy(relay_project / "persisted.json", manifests / "relay.json")
    environment = {
        "MITRA_PARTNERS": str(partner.write_partners_file(folder)),
        "MITRA_PERSISTED": str(manifests),
    }
    gateway = Mitra(folder, free_port(), environment, forked)
    try:
        gateway.start("gateway", "serve")
        gateway.wait_until_ready()
        yield gateway
    finally:
        gateway.stop("gateway")
