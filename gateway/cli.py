"""The command line: `mitra demo serve worker sync partners links token sandbox adapter …`.

Commands are thin: they read settings, call one part, and print.  People get colours and
bars, pipes get plain lines.  Here are only their places: each is imported when it is called.
"""

import logging
from collections.abc import Mapping
from typing import ClassVar

import typer

from gateway.commands.lazy import LazyGroup, Place


class Mitra(LazyGroup):
    """All commands, in the order in which help shows them."""

    places: ClassVar[Mapping[str, Place]] = {
        "demo": (
            "demo:demo",
            "Start ten sandbox partners and the gateway, and show where they answer.",
        ),
        "serve": (
            "serving:serve",
            "Serve the gateway; the production profile unless MITRA_PROFILE says otherwise.",
        ),
        "worker": ("serving:worker", "Sync and deliver without serving."),
        "sync": ("syncing:sync", "Sync partners' catalogues now, with progress."),
        "partners": ("partners:partners_app", "The partners, and how each stands."),
        "check": (
            "check:check",
            "Check a live partner, only reading unless told otherwise, and print a scored report.",
        ),
        "reconcile": (
            "reconcile:reconcile",
            "Compare a day's enrolments with partners' statements and the ledger; fail on drift.",
        ),
        "links": ("links:links_app", "Which offerings are one course, and why."),
        "blocks": ("blocks:blocks_app", "Central blocks: courses taken off sale."),
        "approvals": ("blocks:approvals_app", "What the programme lets partners sell."),
        "enrolments": ("enrolments:enrolments_app", "Enrolments, as operators see them."),
        "seats": ("enrolments:seats_app", "Seats of sessions that are ours to give."),
        "learners": ("learners:learners_app", "Learners: who takes part, and their data."),
        "grants": ("grants:grants_app", "Learners' money."),
        "audit": ("audit:audit_app", "The audit trail."),
        "report": ("report:report_app", "Enrolments and money, counted."),
        "webhooks": ("webhooks:webhooks_app", "Systems that are told of every change."),
        "operations": ("operations:operations_app", "The operations that clients register."),
        "token": (
            "tokens:token",
            "Print a bearer token of the development issuer, on the last line.",
        ),
        "export-schema": ("exporting:export_schema", "Write the SDL."),
        "adapter": ("adapter:adapter_app", "Adapters, one per partner's format."),
        "sandbox": ("sandbox:sandbox_app", "The sandbox partners."),
        "bench": ("bench:bench_app", "Measure this machine."),
        "drill": ("drill:drill_app", "Try what must never go wrong."),
    }


app = typer.Typer(
    cls=Mitra,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def prepare() -> None:
    """One GraphQL catalogue of many partners, one central record of enrolments."""
    from gateway.telemetry import configure_logging  # noqa: PLC0415 - help needs none of it

    configure_logging("console", level=logging.ERROR)  # commands print; servers choose anew


def main() -> None:
    """Run a command; what people can mend is told in a sentence, without a trace."""
    try:
        app()
    except Exception as exc:
        from gateway.commands.telling import tell  # noqa: PLC0415 - it knows all that may go wrong

        if (code := tell(exc)) is None:
            raise
        raise SystemExit(code) from exc
