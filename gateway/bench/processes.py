"""Servers that a benchmark starts in processes of their own, and what these take of the machine."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import orjson

from gateway.bench.servers import free_port

START_SECONDS = 600
PATIENCE_SECONDS = 60  # for one answer
HOST = "127.0.0.1"
KILOBYTES_OF_A_MEGABYTE = 1_024
_PROC = Path("/proc")


class UnansweredError(RuntimeError):
    """A server answered something else than data; the message has what."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers on a loopback port."""

    port: int
    pid: int

    def fetch(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Return status and body of one answer.  Raises `OSError` and `HTTPException`."""
        line = HTTPConnection(HOST, self.port, timeout=PATIENCE_SECONDS)
        try:
            line.request(method, path, body, dict(headers or {}))
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def ask(self, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> bytes:
        """Return the answer to a GraphQL question.  Raises `UnansweredError` if it has errors."""
        said = {"Content-Type": "application/json", **(headers or {})}
        status, answer = self.fetch("POST", "/graphql", orjson.dumps(body), said)
        if status != HTTPStatus.OK or "errors" in orjson.loads(answer):
            raise UnansweredError(f"a question of the benchmark: {status} {answer[:500]!r}")
        return answer

    def processes(self) -> Sequence[int]:
        """Return its process and those that it has started, and so on."""
        return list(_with_children(self.pid))

    def processor_seconds(self) -> float:
        """Return what its processes have taken of all cores so far; 0 where nobody tells."""
        return sum(map(_processor_seconds, self.processes()))

    def memory_mb(self) -> float:
        """Return what its largest process occupies; 0 where nobody tells."""
        return max(map(resident_mb, self.processes()))


@contextmanager
def serving(
    arguments: Sequence[str], data_dir: Path, told: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Run `python -m …` on a free port until the block ends; give it once `/readyz` says so."""
    port = free_port()
    settings = {"MITRA_HOST": HOST, "MITRA_PORT": str(port), **(told or {})}
    with running(arguments, data_dir, settings) as process:
        served = Served(port, process.pid)
        _wait_until_ready(served, process)
        yield served


@contextmanager
def running(
    arguments: Sequence[str], data_dir: Path, told: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m …` until the block ends.

    Its settings are this process's, in development, with those that are `told`.
    """
    settings = {"MITRA_DATA_DIR": str(data_dir), "MITRA_PROFILE": "development", **(told or {})}
    with started([sys.executable, "-m", *arguments], os.environ | settings) as process:
        yield process


@contextmanager
def started(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command until the block ends; what it says is not kept."""
    process = subprocess.Popen(  # noqa: S603  our own command, or the user's own
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def resident_mb(pid: int | None = None) -> float:
    """Return the memory that a process occupies now: this one without `pid`."""
    try:
        status = (_PROC / str(pid or "self") / "status").read_text(encoding="ascii")
    except OSError:  # no Linux (the most that this process ever had), or it has just ended
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return 0.0 if pid else used / KILOBYTES_OF_A_MEGABYTE
    line = next((line for line in status.splitlines() if line.startswith("VmRSS")), "VmRSS: 0 kB")
    return int(line.split()[1]) / KILOBYTES_OF_A_MEGABYTE


def _wait_until_ready(served: Served, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if served.fetch("GET", "/readyz")[0] == HTTPStatus.OK:
                return
        except (OSError, HTTPException):
            pass  # not listening yet
        time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} does not start: try it by hand")


def _with_children(pid: int) -> Iterator[int]:
    yield pid
    for file in (_PROC / str(pid) / "task").glob("*/children"):
        try:
            children = file.read_text(encoding="ascii").split()
        except OSError:  # it has just ended
            continue
        for child in children:
            yield from _with_children(int(child))


def _processor_seconds(pid: int) -> float:
    try:
        told = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0.0
    fields = told.rpartition(")")[2].split()  # behind the name, which may hold anything
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))
