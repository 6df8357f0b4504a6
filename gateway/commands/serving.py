"""`mitra serve`: a command line of its own, so that a server holds nothing of other commands."""

import logging
import os
from typing import Annotated

import typer

from gateway import serve as processes
from gateway.catalogue.rates import RatesFileError
from gateway.commands.telling import run_told
from gateway.enrolment.privacy.keyring import KeyringError
from gateway.enrolment.rules.book import RulesFileError
from gateway.execution.manifests import ManifestError
from gateway.partners.config import PartnersFileError
from gateway.settings import Settings
from gateway.telemetry import configure_logging
from gateway.telemetry.traces import TracingError

EXPECTED = (
    PartnersFileError,
    RatesFileError,
    RulesFileError,
    processes.CannotStartError,
    KeyringError,
    ManifestError,
    TracingError,
)


def prepare() -> None:
    """One GraphQL catalogue of many partners, one central record of enrolments."""
    configure_logging("console", level=logging.ERROR)  # commands print; servers choose anew


def serve(
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Serving processes, instead of MITRA_WORKERS.")
    ] = None,
) -> None:
    """Serve the gateway; the production profile unless MITRA_PROFILE says otherwise."""
    if workers is not None:
        os.environ["MITRA_WORKERS"] = str(workers)  # each process reads its own settings
    processes.serve(Settings())


def main() -> None:
    """Run `mitra serve`."""
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.callback()(prepare)
    app.command()(serve)
    run_told(app, EXPECTED)
