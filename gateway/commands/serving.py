"""`mitra serve` and `mitra worker`: what runs until it is told to stop."""

import asyncio
import os
from importlib import import_module
from types import ModuleType
from typing import Annotated

import typer

import gateway.lean  # noqa: F401 - before what it is about
from gateway import collecting
from gateway.read_ahead import read_ahead
from gateway.settings import Settings


def serve(
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Serving processes, instead of MITRA_WORKERS.")
    ] = None,
) -> None:
    """Serve the gateway; the production profile unless MITRA_PROFILE says otherwise."""
    if workers is not None:
        os.environ["MITRA_WORKERS"] = str(workers)  # each process reads its own settings
    settings = Settings()
    _processes(settings).serve(settings)


def worker() -> None:
    """Sync and deliver without serving."""
    settings = Settings()
    asyncio.run(_processes(settings).work(settings))


def _processes(settings: Settings) -> ModuleType:
    """Import what takes a while; meanwhile the disk reads what is read after that."""
    read_ahead(settings)
    with collecting.paused():
        return import_module("gateway.serve")
