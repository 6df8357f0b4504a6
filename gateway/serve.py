"""Running processes: the gateway, and a worker."""

import asyncio
import signal
import socket

import uvicorn

from gateway.app import Gateway
from gateway.priority import BEHIND_SERVING, step_back
from gateway.profiles import unsafe_mixtures
from gateway.settings import Settings
from gateway.telemetry import configure_logging
from gateway.telemetry.traces import configure_tracing
from gateway.web.server.options import server_options
from gateway.web.server.room import take_descriptors


class CannotStartError(RuntimeError):
    """Something is in the way of starting; the message says what to do."""


def serve(settings: Settings) -> None:
    """Serve until told to stop, in as many processes as the settings say.

    Raises `CannotStartError` and the database's errors before any process is started.
    """
    check_safety(settings)
    configure_logging(settings.log_format)
    configure_tracing()
    check_port(settings)
    take_descriptors()
    asyncio.run(Gateway(settings).migrate())
    uvicorn.run(
        "gateway.starting:create_app",
        factory=True,
        workers=settings.workers,
        **server_options(settings),
    )


async def work(settings: Settings) -> None:
    """Sync and deliver without serving, until told to stop."""
    check_safety(settings)
    step_back(BEHIND_SERVING)
    configure_logging(settings.log_format)
    configure_tracing()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    async with Gateway(settings).running(background=True, serving=False):
        await stop.wait()


def check_safety(settings: Settings) -> None:
    """Raise `CannotStartError` if the settings together are not safe; it names all that is not."""
    if unsafe := unsafe_mixtures(settings):
        sentences = "".join(f"\n* {sentence}" for sentence in unsafe)
        raise CannotStartError(f"these settings are not safe together:{sentences}")


def check_port(settings: Settings) -> None:
    """Raise `CannotStartError` if nobody can listen where the settings say."""
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as exc:
            where = f"{settings.host}:{settings.port}"
            raise CannotStartError(
                f"cannot listen on {where} ({exc.strerror}); choose another with MITRA_PORT"
            ) from exc
