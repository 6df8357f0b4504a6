"""`mitra links`: why offerings are one course, and operators' decisions."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from gateway.app import Gateway
from gateway.commands.ledger import Reason, to_actor, to_reason
from gateway.settings import Settings
from schema.ids import NodeKind, plain_id
from schema.model.links import LinkOutcome
from schema.model.values import CourseId, InstitutionId, OfferingId
from schema.ports import Window

T = TypeVar("T")

links_app = typer.Typer(no_args_is_help=True, help="Which offerings are one course, and why.")

Offering = Annotated[str, typer.Argument(help="The offering's id, as GraphQL has it or plain.")]
Ids = Annotated[list[str], typer.Argument(help="Two ids or more.", metavar="ID...")]
Institution = Annotated[
    str, typer.Argument(help="The institution's id, as GraphQL has it or plain.")
]
By = Annotated[str | None, typer.Option(help="Who decides; your login if not said.")]
Count = Annotated[int, typer.Option(help="How many.", min=1, max=1_000)]


@links_app.command("list")
def list_links(count: Count = 50) -> None:
    """List links, the least sure first."""
    found = _run(lambda gateway: gateway.catalogue.links.read_links(Window(first=count)))
    for link in found.nodes:
        rules = "; ".join(link.rules) or "same names"
        typer.echo(
            f"{link.score:.2f}\t{link.decided_by}\t{link.offering_id}\t{link.course_id}\t"
            f"{link.partner}\t{link.title} · {link.institution}\t{rules}"
        )
    typer.echo(f"{len(found.nodes)} of {found.total} links")


@links_app.command("likely")
def list_likely(count: Count = 50) -> None:
    """List courses that may be one, the most alike first."""
    for pair in _run(lambda gateway: gateway.catalogue.links.read_likely(count)):
        rules = "; ".join(pair.rules)
        typer.echo(
            f"{pair.score:.2f}\t{pair.course_id}\t{pair.other_id}\t"
            f"{pair.title} | {pair.other_title}\t{rules}"
        )


@links_app.command()
def confirm(offering: Offering, reason: Reason = None, by: By = None) -> None:
    """Keep an offering in its course, whatever its partner calls it."""
    plain = OfferingId(_plain(NodeKind.OFFERING, offering))
    why = _why(by, reason)
    _tell(_run(lambda gateway: gateway.operating.links.confirm(plain, *why)), "stays in")


@links_app.command()
def split(offering: Offering, reason: Reason = None, by: By = None) -> None:
    """Give an offering a course of its own, and keep it there."""
    plain = OfferingId(_plain(NodeKind.OFFERING, offering))
    why = _why(by, reason)
    _tell(_run(lambda gateway: gateway.operating.links.split(plain, *why)), "is now")


@links_app.command()
def merge(courses: Ids, reason: Reason = None, by: By = None) -> None:
    """Make several courses one; the oldest keeps its id."""
    plain = [CourseId(_plain(NodeKind.COURSE, each)) for each in courses]
    why = _why(by, reason)
    _tell(_run(lambda gateway: gateway.operating.links.merge(plain, *why)), "merged into")


@links_app.command("merge-institutions")
def merge_institutions(institutions: Ids, reason: Reason = None, by: By = None) -> None:
    """Make several institutions one, and their courses of the same title."""
    plain = [InstitutionId(_plain(NodeKind.INSTITUTION, each)) for each in institutions]
    why = _why(by, reason)
    _tell(
        _run(lambda gateway: gateway.operating.links.merge_institutions(plain, *why)),
        "merged into",
    )


@links_app.command("spellings")
def list_spellings(institution: Institution) -> None:
    """List the names by which partners mean an institution, its own first."""
    plain = InstitutionId(_plain(NodeKind.INSTITUTION, institution))
    found = _run(lambda gateway: gateway.catalogue.links.read_spellings(plain))
    if found is None:
        raise typer.BadParameter(f"there is no institution {institution!r}")
    for each in found:
        rules = "; ".join(each.rules) or "same names"
        own = "own name" if each.is_own else rules
        typer.echo(f"{each.score:.2f}\t{each.decided_by}\t{each.partner}\t{each.name}\t{own}")


@links_app.command("split-institution")
def split_institution(
    institution: Institution,
    name: Annotated[str, typer.Argument(help="The name, as `mitra links spellings` tells it.")],
    reason: Reason = None,
    by: By = None,
) -> None:
    """Make a name of an institution one of its own, with all that is listed under it."""
    plain = InstitutionId(_plain(NodeKind.INSTITUTION, institution))
    why = _why(by, reason)
    _tell(_run(lambda gateway: gateway.operating.links.split_institution(plain, name, *why)), "is")


@links_app.command()
def recognise() -> None:
    """Recognise all that is stored anew, as if every list were read for the first time.

    Decisions of operators stand.  A change of the rules does this by itself, once.
    """
    done = _run(lambda gateway: gateway.catalogue.recognition.anew())
    if done is None:
        typer.echo("another process is at it; its log tells how far it is", err=True)
        raise typer.Exit(1)
    typer.echo(f"{done.institutions} institutions looked at, {done.courses} courses changed")


@links_app.command("decisions")
def list_decisions(count: Count = 50) -> None:
    """List what was decided about links and held lists, and by whom, the newest first."""
    window = Window(first=count)
    for each in _run(lambda gateway: gateway.catalogue.decisions.read_decisions(window)).nodes:
        named = " ".join(each.targets)
        typer.echo(
            f"{each.at:%Y-%m-%d %H:%M:%S}\t{each.by}\t{each.kind}\t{named}\t"
            f"{each.outcome or '-'}\t{each.about or ''}\t{each.reason or ''}"
        )


def _why(by: str | None, reason: str | None) -> tuple[str, str | None]:
    return to_actor(by), to_reason(reason)


def _plain(kind: NodeKind, text: str) -> str:
    return plain_id(kind, text) or text


def _run(ask: Callable[[Gateway], Awaitable[T]]) -> T:
    async def asked() -> T:
        gateway = Gateway(Settings())
        async with gateway.opened(loaded=True):
            return await ask(gateway)

    return asyncio.run(asked())


def _tell(outcome: LinkOutcome, done: str) -> None:
    for error in outcome.errors:
        typer.echo(f"{error.code}: {error.message}", err=True)
    if outcome.kept is None:
        raise typer.Exit(1)
    typer.echo(f"{done} {outcome.kept}")
