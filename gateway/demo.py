"""The demo: the gateway with its sandbox partners, and what a newcomer may try."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn
from rich.console import Console

from adapters.sandbox.control import SandboxControlError, fetch_status
from gateway.app import Gateway
from gateway.asgi import create_app
from gateway.console import SyncBoard
from gateway.serve import CannotStartError, check_port
from gateway.settings import Settings
from gateway.telemetry import configure_logging
from gateway.web.server.options import FINISH_SECONDS, server_options

SANDBOX_SECONDS = 20  # for the sandbox to listen
FIRST_SYNC_SECONDS = 60


def demo(settings: Settings) -> None:
    """Run the sandbox partners and the gateway, and show what a newcomer may try."""
    configure_logging("console", level=logging.WARNING)
    # uvicorn raises a signal again once it has stopped; without this the sandbox would outlive us
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    console = Console(highlight=False)
    check_port(settings)
    with _sandbox(settings, console):
        asyncio.run(_serve_with_progress(settings, console))


async def _serve_with_progress(settings: Settings, console: Console) -> None:
    started = time.monotonic()
    gateway = Gateway(settings)
    board = SyncBoard(gateway.partners.configs, console)
    gateway.catalogue.report = board.report
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings, gateway),
            **server_options(settings),
        )
    )
    serving = asyncio.create_task(server.serve())
    with board:
        await _until_ready(gateway, serving)
    gateway.catalogue.report = lambda _: None
    if not serving.done():
        _print_welcome(settings, console, time.monotonic() - started)
    await serving


async def _until_ready(gateway: Gateway, serving: asyncio.Task[None]) -> None:
    deadline = time.monotonic() + FIRST_SYNC_SECONDS
    while time.monotonic() < deadline and not serving.done():
        if gateway.is_started and gateway.readiness().is_ready:
            return
        await asyncio.sleep(0.02)


def _print_welcome(settings: Settings, console: Console, seconds: float) -> None:
    url = f"http://{settings.host}:{settings.port}"
    mitra = Path(sys.executable).with_name("mitra")
    with suppress(ValueError):
        mitra = mitra.relative_to(Path.cwd())
    where = "" if settings.data_dir == Path(".mitra") else f"MITRA_DATA_DIR={settings.data_dir} "
    console.print(f"\n[bold green]Mitra is ready[/] after {seconds:.1f} s.\n")
    for name, path in (
        ("GraphQL, explorer", "/graphql"),
        ("schema", "/schema.graphql"),
        ("ready?", "/readyz"),
        ("metrics", "/metrics"),
    ):
        console.print(f"  {name:<18} [cyan]{url}{path}[/]")
    console.print("\nTry, from another terminal:")
    for command, what in (
        ("partners", "how each partner stands"),
        ("sandbox down tokopedia", "a partner fails; the catalogue does not"),
        ("token --role learner --subject siti", "a token to enrol with"),
    ):
        console.print(f"  {where}{mitra} {command:<38} [dim]{what}[/]", soft_wrap=True)
    console.print("\nCtrl-C stops it; what was recorded stays in", str(settings.data_dir))


@contextmanager
def _sandbox(settings: Settings, console: Console) -> Iterator[None]:
    """Run the sandbox beside us, unless one is running already."""
    if _is_sandbox_up(settings.data_dir):
        yield
        return
    console.print("Starting ten sandbox partners …")
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "sandbox", "run", "--quiet"],
        env={**os.environ, "MITRA_DATA_DIR": str(settings.data_dir)},
    )
    try:
        _wait_for_sandbox(settings.data_dir, process)
        yield
    finally:
        process.terminate()
        process.wait(FINISH_SECONDS)


def _wait_for_sandbox(data_dir: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SANDBOX_SECONDS
    while not _is_sandbox_up(data_dir):
        if process.poll() is not None or time.monotonic() > deadline:
            raise CannotStartError("the sandbox did not start; `mitra sandbox run` shows why")
        time.sleep(0.05)


def _is_sandbox_up(data_dir: Path) -> bool:
    try:
        fetch_status(data_dir)
    except SandboxControlError:
        return False
    return True
