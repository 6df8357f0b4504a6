"""Which offerings are on sale: not withdrawn, not blocked, and approved.

Functions of a connection: the caller owns the transaction.

`offering.blocked` is what the copied blocks say of the offering, kept by SQL alone: when a
block begins or ends (`gateway.catalogue.blocks`) and when a sync writes offerings
(`mark_visibility`).  `publish` tells serving processes of what thereby came or went.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    exists,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)

from gateway.catalogue.runs import OpenRun
from gateway.storage.catalogue_tables import (
    approval_mode,
    block,
    change_log,
    course,
    offering,
    redirect,
    revision,
)
from schema.model.blocks import EVERY_BUNDLE, Approval, BlockScope

CHUNK = 1_000  # ids in one statement
_COLUMNS = {
    BlockScope.COURSE: offering.c.course_id,
    BlockScope.OFFERING: offering.c.id,
    BlockScope.PARTNER: offering.c.partner,
    BlockScope.CATEGORY: offering.c.category,
    BlockScope.DELIVERY_MODE: offering.c.delivery_mode,
}


def is_on_sale() -> ColumnElement[bool]:
    """Return the condition for an offering that is shown and sold."""
    return and_(
        not_(offering.c.withdrawn),
        not_(offering.c.blocked),
        offering.c.approval == Approval.APPROVED,
    )


def is_blocked() -> ColumnElement[bool]:
    """Return the condition for an offering that a block in force names."""
    return or_(*(_named_by(scope, _values(scope)) for scope in BlockScope))


def names(scope: BlockScope, value: str) -> ColumnElement[bool]:
    """Return the condition for an offering that a block of this scope and value names."""
    return _named_by(scope, [value])


def mark_visibility(connection: Connection, run: OpenRun) -> None:
    """Block what `run` wrote as the blocks say, and let what is new await approval.

    To be called when the run holds the revision's lock, so that blocks that are
    followed at the same time are seen, or see what the run wrote.
    """
    written = offering.c.changed_run == run.id
    connection.execute(
        update(offering)
        .where(written, offering.c.blocked != is_blocked())
        .values(blocked=not_(offering.c.blocked))
    )
    is_awaited = exists().where(
        approval_mode.c.partner == offering.c.partner, approval_mode.c.manual
    )
    connection.execute(
        update(offering)
        .where(written, offering.c.added_run == run.id, is_awaited)
        .values(approval=Approval.PENDING)
    )


def update_blocked(connection: Connection, concerned: ColumnElement[bool]) -> set[str]:
    """Make `blocked` right for the offerings concerned; return the ids of their courses."""
    changed = connection.execute(
        update(offering)
        .where(concerned, offering.c.blocked != is_blocked())
        .values(blocked=not_(offering.c.blocked))
        .returning(offering.c.course_id)
    )
    return set(changed.scalars())


def lock_revision(connection: Connection) -> None:
    """Let nobody else make a revision until the commit."""
    connection.execute(select(revision.c.number).with_for_update()).scalar_one()


def publish(connection: Connection, course_ids: Iterable[str]) -> int | None:
    """Log what became of courses whose offerings came or went; return the new revision, if any."""
    ids = sorted(course_ids)
    kinds = {
        row.id: _kind(was_live=row.is_live, is_live=row.is_live_now)
        for row in _locked_courses(connection, ids)
        if row.is_live or row.is_live_now
    }
    if not kinds:
        return None
    number: int = connection.execute(
        update(revision).values(number=revision.c.number + 1).returning(revision.c.number)
    ).scalar_one()
    log = [{"revision": number, "course_id": each, "kind": kind} for each, kind in kinds.items()]
    connection.execute(insert(change_log), log)
    for is_live, kind in ((True, "ADDED"), (False, "WITHDRAWN")):
        turned = [each for each, became in kinds.items() if became == kind]
        for chunk in _chunks(turned):
            connection.execute(update(course).where(course.c.id.in_(chunk)).values(is_live=is_live))
    return number


def _locked_courses(connection: Connection, ids: Sequence[str]) -> Iterator[Any]:
    """Give courses with whether they are, and should be, live; others' syncs leave them alone."""
    is_live_now = exists().where(offering.c.course_id == course.c.id, is_on_sale())
    for chunk in _chunks(ids):
        chosen = course.c.id.in_(chunk)
        connection.execute(
            select(course.c.id).where(chosen).order_by(course.c.id).with_for_update(key_share=True)
        )
    for chunk in _chunks(ids):
        yield from connection.execute(
            select(course.c.id, course.c.is_live, is_live_now.label("is_live_now")).where(
                course.c.id.in_(chunk)
            )
        )


def _kind(*, was_live: bool, is_live: bool) -> str:
    if not was_live:
        return "ADDED"
    return "CHANGED" if is_live else "WITHDRAWN"


def _named_by(scope: BlockScope, values: Any) -> ColumnElement[bool]:
    """Return whether an offering belongs to one of `values`; never NULL."""
    if scope is BlockScope.BUNDLE:
        return and_(offering.c.bundle, literal(EVERY_BUNDLE).in_(values))
    if scope is BlockScope.INSTITUTION:
        names_it = or_(
            course.c.institution_id.in_(values), course.c.institution_id.in_(_merged_into(values))
        )
        given = select(course.c.id).where(names_it)
        return offering.c.course_id.in_(given)
    column = _COLUMNS[scope]
    if scope is BlockScope.COURSE:  # a block on a merged course goes on under its new id
        return or_(column.in_(values), column.in_(_merged_into(values)))
    return and_(column.is_not(None), column.in_(values))


def _merged_into(ids: Any) -> Any:
    """Return the ids to which `ids` lead since they were merged."""
    return select(redirect.c.new_id).where(redirect.c.old_id.in_(ids))


def _values(scope: BlockScope) -> Any:
    return select(block.c.value).where(block.c.scope == scope)


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
