"""What is fuzzed: a gateway in a process of its own, over the sandbox partners' catalogue."""

import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import requests

from gateway.identity.development import issue_token
from schema.model.viewer import Role
from tests.e2e.conftest import Mitra, eventually
from tests.fuzz.probed import LAGS
from tests.servers import free_port

LONGEST_RUN = timedelta(hours=12)
TIMEOUT_SECONDS = 30
START_SECONDS = 300  # a busy machine is not a fault


@dataclass
class Stand:
    """A gateway to be asked; `bearers` are headers for each role, and for nobody."""

    url: str
    data_dir: Path
    process: subprocess.Popen[bytes]
    bearers: Sequence[dict[str, str]]

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self._seen = 0
        self.new_lags()  # what it took to start is not asked for

    def post(
        self, body: bytes, headers: dict[str, str], path: str = "/graphql"
    ) -> requests.Response:
        """Send one body as it is."""
        return self.session.post(self.url + path, body, headers=headers, timeout=TIMEOUT_SECONDS)

    @property
    def secrets(self) -> Sequence[str]:
        """What no error may name: where it runs."""
        root = str(Path(__file__).parents[2])
        return (str(self.data_dir), root, "127.0.0.1", "localhost", socket.gethostname())

    def new_lags(self) -> list[float]:
        """Return how long the loop was blocked since this was asked last, each time in seconds."""
        file = self.data_dir / "lags"
        lines = file.read_text().splitlines() if file.exists() else []
        new, self._seen = lines[self._seen :], len(lines)
        return [json.loads(line)["blocked"] for line in new]


@contextmanager
def standing() -> Iterator[Stand]:
    """Run the sandbox and a gateway that has read it, in the development profile."""
    with tempfile.TemporaryDirectory() as folder:
        mitra = Mitra(Path(folder), free_port())
        mitra.environment = {
            "MITRA_SUBGRAPH": "true",
            "MITRA_CLIENT_BUDGET": "0",
            "MITRA_LEARNER_RATE": "0",
            LAGS: str(Path(folder) / "lags"),
        }
        try:
            mitra.start("sandbox", "sandbox", "run")
            eventually(
                (mitra.data_dir / "sandbox.json").exists,
                what="the sandbox listens",
                seconds=START_SECONDS,
            )
            process = _start(mitra)
            eventually(lambda: _is_ready(mitra), what="the gateway is ready", seconds=START_SECONDS)
            yield Stand(mitra.url, mitra.data_dir, process, [{}, *_bearers(mitra)])
        finally:
            for name in list(mitra.processes):
                mitra.stop(name)


def _start(mitra: Mitra) -> subprocess.Popen[bytes]:
    with (mitra.data_dir / "gateway.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.probed"], env=mitra._env(), stdout=log, stderr=log
        )
    mitra.processes["gateway"] = process
    return process


def _is_ready(mitra: Mitra) -> bool:
    log = (mitra.data_dir / "gateway.log").read_text()
    assert mitra.processes["gateway"].poll() is None, f"the gateway has died:\n{log}"
    try:
        return requests.get(f"{mitra.url}/readyz", timeout=TIMEOUT_SECONDS).ok
    except requests.ConnectionError:
        return False


def _bearers(mitra: Mitra) -> Iterator[dict[str, str]]:
    for role in Role:
        token = issue_token(mitra.data_dir, role, f"fuzz-{role.value}", lifetime=LONGEST_RUN)
        yield {"Authorization": f"Bearer {token}"}
