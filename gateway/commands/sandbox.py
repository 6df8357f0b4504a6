"""`mitra sandbox`: partners of our own, to be called, taken down and made to misbehave."""

import asyncio
import signal
from typing import Annotated

import typer

from adapters.sandbox import control
from adapters.sandbox.server import SandboxOptions, run_sandbox
from adapters.sandbox.state import SandboxState
from gateway.commands import sandbox_faults
from gateway.commands.codes import Code
from gateway.settings import Settings
from schema.model.values import PartnerCode

sandbox_app = typer.Typer(no_args_is_help=True, help="The sandbox partners.")
sandbox_faults.register(sandbox_app)


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
