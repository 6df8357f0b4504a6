"""`mitra token`: a bearer token of the development issuer."""

from datetime import timedelta
from typing import Annotated

import typer

from gateway.identity.development import issue_token
from gateway.settings import Settings
from schema.model.viewer import Role


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
