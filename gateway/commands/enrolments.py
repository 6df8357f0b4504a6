"""`mitra enrolments review` and `mitra seats`: what operators do about enrolments."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Annotated, NoReturn, TypeVar

import typer

from gateway.app import Gateway
from gateway.catalogue.snapshot import Snapshot
from gateway.enrolment.places import QuotaError
from gateway.settings import Settings
from schema.ids import NodeKind, plain_id
from schema.model.progress import Review, ReviewDecision, ReviewWish
from schema.model.values import EnrolmentId, OfferingId, SessionId
from schema.operators.actors import checked_reason
from schema.operators.reviews import LONGEST_REASON
from schema.ports import Window

T = TypeVar("T")
PAGE = 100

enrolments_app = typer.Typer(no_args_is_help=True, help="Enrolments, as operators see them.")
review_app = typer.Typer(invoke_without_command=True, help="What no machine can settle.")
seats_app = typer.Typer(no_args_is_help=True, help="Seats of sessions that are ours to give.")
enrolments_app.add_typer(review_app, name="review")

Which = Annotated[str, typer.Argument(metavar="ENROLMENT", help="The enrolment's id.")]
Reason = Annotated[str, typer.Option(help="Why; the learner is told.")]
By = Annotated[str | None, typer.Option(help="Who decides; your login if not said.")]
Session = Annotated[str, typer.Argument(metavar="SESSION", help="The session's id.")]


@review_app.callback()
def review(context: typer.Context) -> None:
    """List what waits for a person, the oldest first."""
    if context.invoked_subcommand is None:
        _run(_list_reviews)


@review_app.command()
def confirm(enrolment: Which, *, reason: Reason, by: By = None) -> None:
    """Pay, and let the learner begin: the partner has it."""
    _settle(enrolment, ReviewDecision.CONFIRM, reason, by)


@review_app.command()
def reject(enrolment: Which, *, reason: Reason, by: By = None) -> None:
    """Give the money back, and tell the partner to cancel what it may have."""
    _settle(enrolment, ReviewDecision.REJECT, reason, by)


@review_app.command()
def acknowledge(enrolment: Which, *, reason: Reason, by: By = None) -> None:
    """Say that what the partner says against our record has been seen to; all stays as it is."""
    _settle(enrolment, ReviewDecision.ACKNOWLEDGE, reason, by)


@seats_app.command("set")
def set_seats(
    session: Session,
    seats: Annotated[int, typer.Argument(help="How many there are.", min=0)],
    waiting: Annotated[int, typer.Option(help="How many may wait for one.", min=0)] = 0,
    by: By = None,
) -> None:
    """Take a session's seats into our own hands, or change how many there are.

    Given an offering's id it sets nothing, and lists that offering's sessions.
    """
    session_id = SessionId(plain_id(NodeKind.SESSION, session) or session)

    async def ask(gateway: Gateway) -> None:
        if not await _is_known(gateway, session_id):
            _refuse_unknown(session, gateway.catalogue.follower.snapshot)
        made = await gateway.enrolment.quotas.set(
            session_id, seats, waiting, by or getpass.getuser()
        )
        typer.echo(f"{made.taken} of {made.capacity} seats taken, {made.waiting_places} may wait")

    try:
        _run(ask)
    except QuotaError as exc:
        raise typer.BadParameter(str(exc)) from exc


@seats_app.command("list")
def list_seats() -> None:
    """List the sessions whose seats are ours."""

    async def ask(gateway: Gateway) -> None:
        for each in await gateway.enrolment.quotas.read_all():
            taken = f"{each.quota.taken}/{each.quota.capacity}"
            typer.echo(f"{each.quota.session_id}\t{taken}\t{each.waiting} waiting")

    _run(ask)


async def _is_known(gateway: Gateway, session_id: SessionId) -> bool:
    """Return whether the ledger has a session, or else the catalogue, which is read for it."""
    if await gateway.enrolment.quotas.is_known(session_id):
        return True
    await gateway.catalogue.follower.refresh()
    return session_id in gateway.catalogue.follower.snapshot.sessions


def _refuse_unknown(named: str, catalogue: Snapshot) -> NoReturn:
    """Say which sessions could have been named."""
    offering_id = OfferingId(plain_id(NodeKind.OFFERING, named) or named)
    offering = catalogue.offerings.get(offering_id)
    sessions = offering.sessions if offering else ()
    if offering is None:
        said = f"no session {named!r}: given an offering's id, this command lists its sessions"
    elif not sessions:
        said = f"{named!r} is an offering without sessions: it has no seats to set"
    else:
        said = f"{named!r} is an offering; name one of its sessions:"
    typer.echo(said, err=True)
    for each in sessions:
        begins = f"{each.starts_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if each.starts_at else "-"
        typer.echo(f"{each.id}\t{begins}", err=True)
    raise typer.Exit(1)


async def _list_reviews(gateway: Gateway) -> None:
    after: str | None = None
    while True:
        page = await gateway.enrolment.reviews.read_reviews(Window(first=PAGE, after=after))
        for each in page.nodes:
            typer.echo(_line(each))
        if not page.has_next:
            typer.echo(f"{page.total} waiting")
            return
        after = page.cursors[-1]


def _settle(enrolment: str, decision: ReviewDecision, reason: str, by: str | None) -> None:
    said = checked_reason(reason, LONGEST_REASON)
    if said is None:
        raise typer.BadParameter(f"a reason is 1 to {LONGEST_REASON} printable characters")
    enrolment_id = EnrolmentId(plain_id(NodeKind.ENROLMENT, enrolment) or enrolment)
    wish = ReviewWish(enrolment_id, decision, said, by or getpass.getuser())
    outcome = _run(lambda gateway: gateway.enrolment.reviews.settle(wish))
    for refusal in outcome.refusals:
        typer.echo(refusal.message, err=True)
    if outcome.refusals or outcome.enrolment is None:
        raise typer.Exit(1)
    typer.echo(f"{outcome.enrolment.id}\t{outcome.enrolment.status}")


def _line(review: Review) -> str:
    record = review.enrolment
    what = "cancellation" if review.is_cancellation else "booking"
    what = "disagreement" if review.disagreement else what
    since = f"{review.since:%Y-%m-%d %H:%M} UTC"
    price = f"{record.price.amount} {record.price.currency}"
    told = (record.id, record.partner, record.reference, what, price, since, review.cause)
    return "\t".join(told)


def _run(ask: Callable[[Gateway], Awaitable[T]]) -> T:
    """Return what `ask` finds of a gateway that is opened for it."""

    async def run() -> T:
        gateway = Gateway(Settings())
        async with gateway.opened():
            return await ask(gateway)

    return asyncio.run(run())
