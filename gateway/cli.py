"""The command line: `mitra demo serve worker sync partners links token sandbox adapter …`.

Commands are thin: they read settings, call one part, and print.  People get colours and
bars, pipes get plain lines.
"""

import asyncio
import signal
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from adapters.sandbox import control
from adapters.sandbox.server import SandboxOptions, run_sandbox
from adapters.sandbox.state import SandboxState
from adapters.scaffold import ScaffoldError, create_adapter
from gateway import serve as processes
from gateway.app import Gateway
from gateway.commands import held, sandbox_faults, serving, steering
from gateway.commands.account import account
from gateway.commands.api_keys import api_key_app
from gateway.commands.audit import audit_app
from gateway.commands.bench import bench_app
from gateway.commands.blocks import approvals_app, blocks_app
from gateway.commands.check import check
from gateway.commands.drill import drill_app
from gateway.commands.enrolments import enrolments_app, seats_app
from gateway.commands.grants import grants_app
from gateway.commands.learners import learners_app
from gateway.commands.links import links_app
from gateway.commands.operations import operations_app
from gateway.commands.partner_keys import key_app
from gateway.commands.partner_secrets import secret_app
from gateway.commands.reconcile import reconcile
from gateway.commands.report import report_app
from gateway.commands.telling import run_told
from gateway.commands.webhooks import webhooks_app
from gateway.console import SyncBoard, print_partners
from gateway.demo import demo as run_demo
from gateway.enrolment.intake.desk import NoConsentError
from gateway.enrolment.intake.files import IntakeFileError
from gateway.identity.development import issue_token
from gateway.partner_api.delivery import UnknownDeliveryError
from gateway.partners.config import PartnersFileError
from gateway.settings import Profile, Settings
from schema.build import export_sdl
from schema.model.values import PartnerCode
from schema.model.viewer import Role

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
sandbox_app = typer.Typer(no_args_is_help=True, help="The sandbox partners.")
adapter_app = typer.Typer(no_args_is_help=True, help="Adapters, one per partner's format.")
partners_app = typer.Typer(invoke_without_command=True, help="The partners, and how each stands.")
app.add_typer(sandbox_app, name="sandbox")
app.add_typer(adapter_app, name="adapter")
app.add_typer(partners_app, name="partners")
held.register(partners_app)
steering.register(partners_app)
sandbox_faults.register(sandbox_app)
partners_app.add_typer(key_app, name="key")
partners_app.add_typer(api_key_app, name="api-key")
partners_app.add_typer(secret_app, name="secret")
app.add_typer(bench_app, name="bench")
app.add_typer(drill_app, name="drill")
app.add_typer(links_app, name="links")
app.add_typer(blocks_app, name="blocks")
app.add_typer(approvals_app, name="approvals")
app.add_typer(enrolments_app, name="enrolments")
app.add_typer(seats_app, name="seats")
app.add_typer(learners_app, name="learners")
app.add_typer(grants_app, name="grants")
app.add_typer(audit_app, name="audit")
app.add_typer(report_app, name="report")
app.add_typer(webhooks_app, name="webhooks")
app.add_typer(operations_app, name="operations")
app.command()(reconcile)
app.command()(check)
partners_app.command()(account)

Partners = Annotated[list[str] | None, typer.Argument(help="Codes; all without any.")]
Code = Annotated[str, typer.Argument(help="The partner's code, such as tokopedia.")]


def main() -> None:
    """Run a command."""
    others = (
        ScaffoldError,
        control.SandboxControlError,
        IntakeFileError,
        NoConsentError,
        UnknownDeliveryError,
    )
    run_told(app, (*serving.EXPECTED, *others))


app.callback()(serving.prepare)
app.command()(serving.serve)


@app.command()
def demo() -> None:
    """Start ten sandbox partners and the gateway, and show where they answer."""
    run_demo(Settings(profile=Profile.DEVELOPMENT))


@app.command()
def worker() -> None:
    """Sync and deliver without serving."""
    asyncio.run(processes.work(Settings()))


@app.command()
def sync(partners: Partners = None) -> None:
    """Sync partners' catalogues now, with progress."""
    settings = Settings()
    gateway = Gateway(settings)
    codes = _known_codes(gateway, partners or [])
    board = SyncBoard(gateway.partners.configs)
    gateway.catalogue.report = board.report
    with board:
        asyncio.run(gateway.sync_now(codes))
    typer.echo(board.summary())
    raise typer.Exit(1 if board.has_failures else 0)


@partners_app.callback()
def partners(context: typer.Context) -> None:
    """Show who the partners are and how each stands."""
    if context.invoked_subcommand is None:
        print_partners(asyncio.run(Gateway(Settings()).read_partners()))


@partners_app.command()
def quarantine(code: Code) -> None:
    """List a partner's rows that could not be read, each with its reason."""
    gateway = Gateway(Settings())
    [partner] = _known_codes(gateway, [code])
    for row in asyncio.run(gateway.read_quarantine(partner)):
        typer.echo(f"page {row.page} row {row.row}\t{row.key or '-'}\t{row.reason}")


@app.command()
def token(
    subject: Annotated[str, typer.Option(help="Whose token: an opaque reference.")],
    role: Annotated[Role, typer.Option(help="What it allows its bearer to be.")] = Role.LEARNER,
    minutes: Annotated[int, typer.Option(help="For how long it is good.", min=1)] = 60,
    scope: Annotated[
        list[str] | None, typer.Option(help="What it is given for, such as mitra:read.")
    ] = None,
) -> None:
    """Print a bearer token of the development issuer, on the last line.

    A partner's subject is its code.
    """
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    lifetime = timedelta(minutes=minutes)
    try:
        made = issue_token(settings.data_dir, role, subject, scopes=scope or (), lifetime=lifetime)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    typer.echo(made)


@app.command()
def export_schema(
    file: Annotated[Path | None, typer.Argument(help="Where to; printed without it.")] = None,
) -> None:
    """Write the SDL."""
    if file is None:
        typer.echo(export_sdl(), nl=False)
    else:
        file.write_text(export_sdl(), encoding="utf-8")


@sandbox_app.command("run")
def sandbox_run(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    advertise: Annotated[
        str | None, typer.Option(help="Host name by which others reach it.")
    ] = None,
    latency_ms: Annotated[int, typer.Option(help="Delay of every answer.", min=0)] = 0,
    *,
    noise: Annotated[
        bool, typer.Option("--noise", help="Let every partner spell names in its own way.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no addresses.")] = False,
) -> None:
    """Serve every sandbox partner on a free port, until told to stop."""
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    options = SandboxOptions(host=host, advertise=advertise, latency_ms=latency_ms, noise=noise)

    def announce(state: SandboxState) -> None:
        if not quiet:
            for code, partner in state.partners.items():
                typer.echo(f"{code:<16}{partner.address}")

    async def run() -> None:
        stop = asyncio.Event()
        for signum in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(signum, stop.set)
        await run_sandbox(settings.data_dir, options, stop=stop, on_ready=announce)

    asyncio.run(run())


@sandbox_app.command("down")
def sandbox_down(code: Code) -> None:
    """Take one sandbox partner down: connections are refused."""
    control.take_down(Settings().data_dir, PartnerCode(code))
    typer.echo(f"{code} is down; `mitra sandbox up {code}` brings it back")


@sandbox_app.command("up")
def sandbox_up(code: Code) -> None:
    """Bring one sandbox partner back, with everything it had booked."""
    control.bring_up(Settings().data_dir, PartnerCode(code))
    typer.echo(f"{code} is up")


@sandbox_app.command("status")
def sandbox_status() -> None:
    """Show which sandbox partners are up, and where."""
    for code, partner in control.fetch_status(Settings().data_dir)["partners"].items():
        state = "up" if partner["up"] else "down"
        typer.echo(f"{code:<16}{state:<6}{partner['address']}")


@adapter_app.command("new")
def adapter_new(identifier: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Start a new adapter: a folder that works at once."""
    typer.echo(create_adapter(identifier, Path("adapters")))


def _known_codes(gateway: Gateway, codes: Sequence[str]) -> list[PartnerCode]:
    known = [config.code for config in gateway.partners.configs]
    if not known:
        raise PartnersFileError("no partners here: set MITRA_PARTNERS, or `mitra sandbox run`")
    for code in codes:
        if code not in known:
            raise typer.BadParameter(f"{code!r} is not a partner; known are {', '.join(known)}")
    return [PartnerCode(code) for code in codes] or known
