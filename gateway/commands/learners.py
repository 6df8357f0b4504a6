"""`mitra learners`: bring learners in, record their consent, and forget them."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.ledger import (
    Reason,
    Rejects,
    ask_register,
    read_in_chunks,
    to_actor,
    to_reason,
)
from gateway.enrolment.intake.desk import LearnerRegister
from gateway.enrolment.intake.rows import LEARNER_COLUMNS, OPTIONAL_COLUMNS
from schema.model.learners import ConsentDecision
from schema.model.values import LearnerId

learners_app = typer.Typer(no_args_is_help=True, help="Learners: who takes part, and their data.")

Reference = Annotated[str, typer.Argument(help="The learner's opaque reference.")]
By = Annotated[str | None, typer.Option(help="Who decides; your login if not said.")]
RejectsFile = Annotated[Path | None, typer.Option(help="Where to list rows that were left out.")]
InputFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file.")]


@learners_app.command("import")
def import_learners(
    file: InputFile, rejects: RejectsFile = None, reason: Reason = None, by: By = None
) -> None:
    """Make learners known from CSV: reference, scheme, announced, birth_date, education.

    Optional columns: national_id, name, email, phone, consents.  Importing again changes only
    what the file tells otherwise.
    """
    why = to_actor(by), to_reason(reason)
    left_out = Rejects(rejects)
    counts: Counter[str] = Counter()
    notes: dict[str, None] = {}

    async def run(register: LearnerRegister) -> None:
        chunks = read_in_chunks(file, LEARNER_COLUMNS, OPTIONAL_COLUMNS, left_out)
        async for rows in chunks:
            outcome = await register.import_learners(rows, *why)
            left_out.add_all(outcome.rejected)
            for name in ("imported", "updated", "unchanged"):
                counts[name] += getattr(outcome, name)
            notes.update(dict.fromkeys(outcome.notes))

    ask_register(run)
    left_out.close()
    for note in notes:
        typer.echo(note, err=True)
    typer.echo(
        f"{counts['imported']:,} imported, {counts['updated']:,} updated, "
        f"{counts['unchanged']:,} unchanged, {left_out.count:,} rejected"
    )
    raise typer.Exit(1 if left_out.count else 0)


@learners_app.command("erase")
def erase(reference: Reference, reason: Reason = None, by: By = None) -> None:
    """Destroy what is personal about a learner; ledger and audit stay."""
    why = to_actor(by), to_reason(reason)
    found = ask_register(lambda register: register.erase(LearnerId(reference), *why))
    if found.erased_at is None:
        typer.echo("there is no such learner", err=True)
        raise typer.Exit(1)
    typer.echo(
        f"erased {found.erased_at:%Y-%m-%d %H:%M} UTC; "
        f"{found.live_enrolments} enrolments under way go on under the reference alone"
    )


@learners_app.command("consent")
def consent(
    reference: Reference,
    purpose: Annotated[str, typer.Argument(help="What for; `contact` lets contact data be read.")],
    decision: Annotated[ConsentDecision, typer.Argument(case_sensitive=False)],
    reason: Reason = None,
    by: By = None,
) -> None:
    """Record that a learner gave their consent to a purpose, or withdrew it."""
    why = to_actor(by), to_reason(reason)
    try:
        found = ask_register(
            lambda register: register.decide_consent(LearnerId(reference), purpose, decision, *why)
        )
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    if found is None:
        typer.echo("there is no such learner", err=True)
        raise typer.Exit(1)
    typer.echo(f"{found.purpose}\t{found.decision}\t{found.at:%Y-%m-%d %H:%M} UTC\t{found.by}")


@learners_app.command("consents")
def consents(reference: Reference) -> None:
    """List what a learner has agreed to and withdrawn, oldest first."""
    for each in ask_register(lambda register: register.read_consents(LearnerId(reference))):
        typer.echo(f"{each.purpose}\t{each.decision}\t{each.at:%Y-%m-%d %H:%M} UTC\t{each.by}")


@learners_app.command("contact")
def contact(reference: Reference, by: By = None) -> None:
    """Show how a learner is reached, if they agreed to it; that it was read is recorded."""
    found = ask_register(lambda register: register.read_contact(LearnerId(reference), to_actor(by)))
    if found is None:
        typer.echo("nothing is known of how to reach this learner", err=True)
        raise typer.Exit(1)
    typer.echo(f"{found.name}\t{found.email}\t{found.phone}")


@learners_app.command("rewrap")
def rewrap(by: By = None) -> None:
    """Wrap learners' data keys by the newest of MITRA_CONTACT_KEYS; it may be interrupted."""
    done = ask_register(lambda register: register.rewrap_data_keys(to_actor(by)))
    typer.echo(f"{done:,} keys rewrapped")
