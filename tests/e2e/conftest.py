"""The whole product in its own processes, spoken to over HTTP as any client would."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.identity.development import issue_token
from schema.model.viewer import Role
from tests.processes import Files, Launch, Running, done, forked, started
from tests.servers import free_port

PATIENCE_SECONDS = 90  # on a machine that is busy with other things, too
# Each request is a client of its own, as many people are: but all know the same authorities, for
# to read those takes longer than most requests.
http = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0))
PARTS = {"sandbox": ("sandbox", "run"), "worker": ("worker",), "gateway": ("serve",)}


@dataclass
class Mitra:
    """A running demo: sandbox partners and gateway, over one data directory."""

    data_dir: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    launch: Launch = started
    processes: dict[str, Running] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self, *arguments: str, fails: bool = False) -> str:
        """Run a `mitra` command to its end; return what it printed."""
        ended = done(arguments, self._env(), self.launch)
        assert (ended.code != 0) is fails, ended.out + ended.err
        return ended.out + ended.err

    def start(self, name: str, *arguments: str) -> None:
        log = self.data_dir / f"{name}.log"
        self.processes[name] = self.launch(arguments, self._env(), Files(log, log))

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        process.wait(PATIENCE_SECONDS)

    def stop_all(self) -> None:
        """Ask all processes to end before waiting for any: none is left when time is up."""
        for process in self.processes.values():
            process.terminate()
        while self.processes:
            _, process = self.processes.popitem()
            process.wait(PATIENCE_SECONDS)

    def token(self, subject: str, role: Role = Role.LEARNER) -> str:
        """Return a token, as `mitra token` makes it."""
        return issue_token(self.data_dir, role, subject)

    def ask(self, query: str, token: str | None = None, **variables: Any) -> dict[str, Any]:
        """Return `data` of an answer that must have no errors."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = http.post(
            f"{self.url}/graphql",
            json={"query": query, "variables": variables},
            headers=headers,
            timeout=10,
        )
        body: dict[str, Any] = answer.json()
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    def wait_until_ready(self) -> None:
        def is_ready() -> bool:
            for name, process in self.processes.items():
                log = (self.data_dir / f"{name}.log").read_text()
                assert process.poll() is None, f"{name} has died:\n{log}"
            try:
                return http.get(f"{self.url}/readyz", timeout=2).status_code == 200
            except httpx.TransportError:
                return False

        eventually(is_ready, what="the gateway is ready")

    def _env(self) -> dict[str, str]:
        return {
            **os.environ,
            "MITRA_DATA_DIR": str(self.data_dir),
            "MITRA_PORT": str(self.port),
            "MITRA_PROFILE": "development",
            **self.environment,
        }


def eventually(
    is_true: Callable[[], bool], *, what: str, seconds: float = PATIENCE_SECONDS
) -> None:
    """Return once `is_true()`; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


@contextmanager
def running(data_dir: Path, *parts: str, **environment: str) -> Iterator[Mitra]:
    """Run some of `PARTS`, each once the one before it is ready, until the block ends."""
    mitra = Mitra(data_dir, free_port(), environment, forked)
    try:
        for part in parts:
            mitra.start(part, *PARTS[part])
            if part == "sandbox":
                eventually((data_dir / "sandbox.json").exists, what="the sandbox listens")
            elif part == "gateway":
                mitra.wait_until_ready()
        yield mitra
    finally:
        mitra.stop_all()


@pytest.fixture(scope="module")
def mitra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mitra]:
    """The sandbox and one gateway, ready to be asked."""
    with running(tmp_path_factory.mktemp("mitra"), "sandbox", "gateway") as mitra:
        yield mitra
