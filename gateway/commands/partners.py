"""`mitra partners`: who they are, how each stands, and what is ordered about them."""

import asyncio

import typer

from gateway.app import Gateway
from gateway.commands import held, steering
from gateway.commands.account import account
from gateway.commands.api_keys import api_key_app
from gateway.commands.codes import Code, known_codes
from gateway.commands.partner_keys import key_app
from gateway.commands.partner_secrets import secret_app
from gateway.console import print_partners
from gateway.settings import Settings

partners_app = typer.Typer(invoke_without_command=True, help="The partners, and how each stands.")
held.register(partners_app)
steering.register(partners_app)
partners_app.add_typer(key_app, name="key")
partners_app.add_typer(api_key_app, name="api-key")
partners_app.add_typer(secret_app, name="secret")
partners_app.command()(account)


@partners_app.callback()
def partners(context: typer.Context) -> None:
    """Show who the partners are and how each stands."""
    if context.invoked_subcommand is None:
        print_partners(asyncio.run(Gateway(Settings()).read_partners()))


@partners_app.command()
def quarantine(code: Code) -> None:
    """List a partner's rows that could not be read, each with its reason."""
    gateway = Gateway(Settings())
    [partner] = known_codes(gateway.partners.configs, [code])
    for row in asyncio.run(gateway.read_quarantine(partner)):
        typer.echo(f"page {row.page} row {row.row}\t{row.key or '-'}\t{row.reason}")
