"""`mitra serve` and `mitra worker`: what runs until it is told to stop."""

import asyncio
import os
from typing import Annotated

import typer

import gateway.lean  # noqa: F401 - before what it is about
from gateway import serve as processes
from gateway.settings import Settings


def serve(
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Serving processes, instead of MITRA_WORKERS.")
    ] = None,
) -> None:
    """Serve the gateway; the production profile unless MITRA_PROFILE says otherwise."""
    if workers is not None:
        os.environ["MITRA_WORKERS"] = str(workers)  # each process reads its own settings
    processes.serve(Settings())


def worker() -> None:
    """Sync and deliver without serving."""
    asyncio.run(processes.work(Settings()))
