"""Which offerings are on sale: not withdrawn, approved, and named by no block.

Functions of a connection: the caller owns the transaction.

That an offering is blocked is written nowhere: the copied blocks say so whenever it is asked
(`gateway.catalogue.in_force` says the same of offerings in memory).  A block on a whole partner
therefore writes no offering; `publish` tells who follows what thereby came or went.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    true,
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

UNSEEN = "UNSEEN"  # the kind of a change to a course that was not on sale, and is not
_COLUMNS = {
    BlockScope.COURSE: offering.c.course_id,
    BlockScope.OFFERING: offering.c.id,
    BlockScope.PARTNER: offering.c.partner,
    BlockScope.CATEGORY: offering.c.category,
    BlockScope.DELIVERY_MODE: offering.c.delivery_mode,
}


def is_listed() -> ColumnElement[bool]:
    """Return the condition for an offering that is on sale unless it is blocked."""
    return and_(not_(offering.c.withdrawn), offering.c.approval == Approval.APPROVED)


def is_on_sale() -> ColumnElement[bool]:
    """Return the condition for an offering that is shown and sold."""
    return and_(is_listed(), not_(is_blocked()))


def is_blocked(without: Collection[int] = ()) -> ColumnElement[bool]:
    """Return the condition for an offering that a block names, leaving out some blocks by id."""
    counts = block.c.id.not_in(without) if without else true()
    return or_(*(_is_blocked_by(scope, counts) for scope in BlockScope))


def names(scope: BlockScope, value: str) -> ColumnElement[bool]:
    """Return the condition for an offering that a block of this scope and value names."""
    return _named_by(scope, [value])


def await_approval(connection: Connection, run: OpenRun) -> None:
    """Let what `run` has added await approval, where its partner's offerings do."""
    is_awaited = exists().where(
        approval_mode.c.partner == offering.c.partner, approval_mode.c.manual
    )
    connection.execute(
        update(offering)
        .where(offering.c.changed_run == run.id, offering.c.added_run == run.id, is_awaited)
        .values(approval=Approval.PENDING)
    )


def lock_revision(connection: Connection) -> int:
    """Let nobody else make a revision until the commit; return the newest."""
    number: int = connection.execute(select(revision.c.number).with_for_update()).scalar_one()
    return number


def lock_courses(connection: Connection, touched: ColumnElement[bool]) -> None:
    """Keep others' syncs off these courses: in order of their ids, as everywhere."""
    if connection.dialect.name == "sqlite":
        return
    locked = select(course.c.id).where(touched).order_by(course.c.id)
    rows = locked.with_for_update(key_share=True).subquery()
    connection.execute(select(func.count()).select_from(rows))


def publish(connection: Connection, touched: ColumnElement[bool]) -> int | None:
    """Log what became of courses whose offerings came or went; return the new revision, if any."""
    lock_courses(connection, touched)
    number = lock_revision(connection) + 1
    if not log_changes(connection, touched, number):
        return None
    connection.execute(update(revision).values(number=number))
    return number


def log_changes(connection: Connection, touched: ColumnElement[bool], number: int) -> int:
    """Log what revision `number` makes of courses; return of how many there is something to say.

    To be called by who holds the revision's lock: so either a sync sees a new block, or who
    follows the block sees what the sync wrote.  What changes while nobody sees it is logged, too:
    processes keep blocked courses ready for the day when they are shown again.
    """
    its = offering.c.course_id == course.c.id
    is_live_now = exists().where(its, is_on_sale())
    is_known = or_(
        exists().where(its, offering.c.approval != Approval.PENDING), not_(exists().where(its))
    )
    kind = case(  # nested, so that it is asked but once
        (course.c.is_live, case((is_live_now, "CHANGED"), else_="WITHDRAWN")),
        else_=case((is_live_now, "ADDED"), else_=UNSEEN),
    )
    logged = connection.execute(
        insert(change_log).from_select(
            ["revision", "course_id", "kind"],
            select(literal(number), course.c.id, kind)
            .where(_with_heirs(connection, touched), or_(course.c.is_live, is_known))
            .order_by(course.c.id),  # as the log's indexes are: ten times faster than at random
        )
    )
    turned = select(change_log.c.course_id).where(
        change_log.c.revision == number, change_log.c.kind.in_(("ADDED", "WITHDRAWN"))
    )
    connection.execute(
        update(course).where(course.c.id.in_(turned)).values(is_live=not_(course.c.is_live))
    )
    return logged.rowcount


def _with_heirs(connection: Connection, touched: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the courses touched, and those that have come by a block as institutions merged."""
    heirs = select(redirect.c.new_id).join(
        block, and_(block.c.scope == BlockScope.INSTITUTION, block.c.value == redirect.c.old_id)
    )
    if connection.execute(heirs.limit(1)).first() is None:
        return touched
    return or_(touched, and_(course.c.is_live, course.c.institution_id.in_(heirs)))


def _is_blocked_by(scope: BlockScope, counts: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return whether any block of `scope` names an offering: mostly there is none, so ask first."""
    values = select(block.c.value).where(block.c.scope == scope, counts)
    return and_(exists(values), _named_by(scope, values))


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
