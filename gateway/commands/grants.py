"""`mitra grants`: post learners' money, and return to the state what was not spent in time."""

import asyncio
from collections import Counter
from datetime import date, datetime
from typing import Annotated

import typer

from gateway.clock import utc_now
from gateway.commands.learners import By, InputFile, RejectsFile
from gateway.commands.ledger import (
    Reason,
    Rejects,
    ask_register,
    opened_ledger,
    read_in_chunks,
    to_actor,
    to_reason,
)
from gateway.enrolment.intake.desk import LearnerRegister
from gateway.enrolment.intake.files import read_digest
from gateway.enrolment.intake.grants import LONGEST_BATCH, is_batch
from gateway.enrolment.intake.rows import GRANT_COLUMNS
from gateway.enrolment.unspent import Returned, UnspentMoney
from gateway.parts.rules import load_rules
from gateway.settings import Settings
from gateway.storage.engine import Database

grants_app = typer.Typer(no_args_is_help=True, help="Learners' money.")

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


@grants_app.command("post")
def post_grants(
    file: InputFile,
    batch: Annotated[
        str | None, typer.Option(help="The batch's name; the file's content names it if not said.")
    ] = None,
    rejects: RejectsFile = None,
    reason: Reason = None,
    by: By = None,
) -> None:
    """Post grants from CSV: reference, amount.

    A batch's row is posted once, however often it is sent; one that has changed since is reported
    and not applied.
    """
    name = batch or read_digest(file)
    if not is_batch(name):
        raise typer.BadParameter(
            f"a batch is 1 to {LONGEST_BATCH} printable characters without `:`"
        )
    why = to_actor(by), to_reason(reason)
    left_out = Rejects(rejects)
    counts: Counter[str] = Counter()

    async def run(register: LearnerRegister) -> None:
        async for rows in read_in_chunks(file, GRANT_COLUMNS, (), left_out):
            outcome = await register.post_grants(name, rows, *why)
            left_out.add_all(outcome.rejected)
            for each in ("posted", "unchanged", "amount"):
                counts[each] += getattr(outcome, each)

    ask_register(run)
    left_out.close()
    typer.echo(
        f"batch {name}: {counts['posted']:,} posted (Rp {counts['amount']:,}), "
        f"{counts['unchanged']:,} posted before, {left_out.count:,} rejected"
    )
    raise typer.Exit(1 if left_out.count else 0)


@grants_app.command("expire")
def expire(announced_until: Day = None, last_day: Day = None, by: By = None) -> None:
    """Return to the state what learners have whose deadline for buying has passed.

    The rules of each learner's scheme and year tell the deadline; workers do this once a day.
    With `--announced-until` and `--last-day` it is those who were announced by a day and never
    bought, whatever their rules say; the last day on which they might have must be over.
    """
    if announced_until is None and last_day is None:
        _expire_by_rules(to_actor(by))
        return
    if announced_until is None or last_day is None:
        raise typer.BadParameter("--announced-until and --last-day go together, or neither")
    first, last = announced_until.date(), last_day.date()
    if last >= date.today():  # noqa: DTZ011 - a day that is over everywhere near
        raise typer.BadParameter("the last day is not over yet", param_hint="--last-day")
    learners, money = ask_register(lambda register: register.expire_idle(first, last, to_actor(by)))
    typer.echo(f"Rp {money:,} of {learners:,} learners returned to the state")


def _expire_by_rules(by: str) -> None:
    settings = Settings()
    rules = load_rules(settings)

    async def run(database: Database) -> Returned:
        return await UnspentMoney(database, rules, now=utc_now).expire(by)

    with opened_ledger(settings) as database:
        returned = asyncio.run(run(database))
    typer.echo(f"Rp {returned.amount:,} of {returned.learners:,} learners returned to the state")
