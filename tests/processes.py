"""Processes of `mitra`, as the tests run them.

To import the product takes more of a processor's time than most commands do, and the tests run
a hundred.  So most are forked from a process that has imported it already (`forked`).  What a
process imports by itself, and how it comes up from nothing, is tested with `started`.
"""

import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Protocol

_FORKING = get_context("forkserver")
_FORKING.set_forkserver_preload(["tests.preloaded"])


class Running(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None:
        """Return how it ended; None while it runs."""

    def terminate(self) -> None: ...

    def send_signal(self, sig: int, /) -> None: ...

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended; raise `subprocess.TimeoutExpired` when it does not."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where a process writes."""

    out: Path
    err: Path

    def open(self) -> tuple[IO[bytes], IO[bytes]]:
        return self.out.open("ab"), self.err.open("ab")


Launch = Callable[[Sequence[str], Mapping[str, str], Files], Running]


def started(arguments: Sequence[str], environment: Mapping[str, str], files: Files) -> Running:
    """Start `python -m gateway` with `arguments`, as a person does."""
    out, err = files.open()
    with out, err:
        return subprocess.Popen(
            [sys.executable, "-m", "gateway", *arguments], env=environment, stdout=out, stderr=err
        )


def forked(arguments: Sequence[str], environment: Mapping[str, str], files: Files) -> Running:
    """Fork what `python -m gateway` is once everything is imported."""
    for file in files.open():  # they are there at once, as with `started`
        file.close()
    process = _FORKING.Process(target=_run, args=(tuple(arguments), dict(environment), files))
    process.start()
    return _Forked(process, tuple(arguments))


def _run(arguments: Sequence[str], environment: Mapping[str, str], files: Files) -> None:
    for file, number in zip(files.open(), (1, 2), strict=True):
        with file:
            os.dup2(file.fileno(), number)
    os.dup2(sys.stdin.fileno(), 0)  # there are none to type; its own processes inherit it
    sys.stdin = os.fdopen(0, closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    runpy.run_module("gateway", run_name="__main__", alter_sys=True)


@dataclass(frozen=True, slots=True)
class _Forked:
    process: ForkServerProcess
    arguments: tuple[str, ...]

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def terminate(self) -> None:
        self.process.terminate()

    def send_signal(self, sig: int, /) -> None:
        os.kill(self.pid, sig)

    def wait(self, timeout: float | None = None) -> int:
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired(self.arguments, timeout or 0)
        return self.process.exitcode


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


def done(arguments: Sequence[str], environment: Mapping[str, str], launch: Launch = forked) -> Done:
    """Run a command to its end."""
    with TemporaryDirectory() as name:
        files = Files(Path(name, "out"), Path(name, "err"))
        code = launch(arguments, environment, files).wait(60)
        return Done(code, files.out.read_text(), files.err.read_text())
