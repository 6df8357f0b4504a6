"""From a staged list to the catalogue: one transaction, in SQL, writing only the difference.

Order matters: names are recognised first (`linking`), so that match keys are equal where names
are; tombstones and moves before founding, so that a course whose only offering was renamed
keeps its id; the revision last, for its row lock makes the order of commits the order of
revisions.  What is founded is founded by `ON CONFLICT DO NOTHING` in sorted order: partners
applied at once found each course once, and do not wait for each other in a circle.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    exists,
    false,
    func,
    literal,
    not_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from gateway.catalogue.difference import Difference, changed_rows, is_changed, is_gone
from gateway.catalogue.known_pages import keep_known_pages
from gateway.catalogue.linking import Torn, recognise, write_links
from gateway.catalogue.relinking import regroup
from gateway.catalogue.runs import Counts, OpenRun, RunOutcome, end_run, succeeded, write_status
from gateway.catalogue.standing import chunks
from gateway.catalogue.visibility import await_approval, log_changes
from gateway.storage.catalogue_tables import course, institution, offering, revision
from gateway.storage.columns import Instant
from gateway.storage.sync_tables import staged_offering as staged
from gateway.storage.sync_tables import sync_run
from gateway.storage.upsert import insert_into
from schema.model.blocks import Approval
from schema.model.values import derived_id

RENAME_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Applied:
    """An applied run; `revision` is None when nothing changed."""

    counts: Counts
    revision: int | None


def apply_run(connection: Connection, run: OpenRun, found: Difference, now: datetime) -> Applied:
    """Make the catalogue what the run's staged list says; `found` is how it differs."""
    number = None if found.is_empty else _write_difference(connection, run, now)
    counts = found.counted(run.counts)
    _end(connection, run, Applied(counts, number), now)
    return Applied(counts, number)


def _write_difference(connection: Connection, run: OpenRun, now: datetime) -> int:
    torn = recognise(connection, run, now)
    _withdraw(connection, run, now)
    _found_institutions(connection, run)
    _mark_left_courses(connection, run)
    _rename_lone_courses(connection, run)
    _found_courses(connection, run, now)
    _write_offerings(connection, run, now)
    write_links(connection, run, now)
    _mark_changed_courses(connection, run)
    _regroup(connection, run, torn, now)
    number: int = connection.execute(
        update(revision).values(number=revision.c.number + 1).returning(revision.c.number)
    ).scalar_one()
    await_approval(connection, run)
    log_changes(connection, course.c.changed_run == run.id, number)
    return number


def _regroup(connection: Connection, run: OpenRun, torn: Torn, now: datetime) -> None:
    """Look at names together between which new ones stand; mark what changed of it."""
    moved = regroup(connection, torn.scopes, now, institutions=torn.institutions)
    for ids in chunks(sorted(moved)):
        _mark(connection, run, select(course.c.id).where(course.c.id.in_(ids)))


def _withdraw(connection: Connection, run: OpenRun, now: datetime) -> None:
    connection.execute(
        update(offering)
        .where(is_gone(run))
        .values(withdrawn=True, changed_run=run.id, changed_at=now)
    )


def _found_institutions(connection: Connection, run: OpenRun) -> None:
    names = changed_rows(
        run, staged.c.institution_id, staged.c.institution_key, staged.c.institution_name
    ).order_by(staged.c.institution_id, staged.c.offering_id)
    connection.execute(
        insert_into(connection, institution)
        .from_select(["id", "match_key", "name"], names)
        .on_conflict_do_nothing()
    )


def _mark_left_courses(connection: Connection, run: OpenRun) -> None:
    """Mark the courses of changed offerings as they are now, before any of them moves."""
    _mark(connection, run, changed_rows(run, offering.c.course_id))


def _mark_changed_courses(connection: Connection, run: OpenRun) -> None:
    _mark(connection, run, select(offering.c.course_id).where(offering.c.changed_run == run.id))


def _mark(connection: Connection, run: OpenRun, ids: Select[Any]) -> None:
    """Mark courses as touched by this run, locking them in order of their ids.

    The lock is the weak one (NO KEY UPDATE): offerings that other partners are just
    putting into the same courses must not wait for it, nor we for them.
    """
    in_order = select(course.c.id).where(course.c.id.in_(ids)).order_by(course.c.id)
    connection.execute(
        update(course)
        .where(course.c.id.in_(in_order.with_for_update(key_share=True)))
        .values(changed_run=run.id)
    )


def _rename_lone_courses(connection: Connection, run: OpenRun) -> None:
    """Let a course whose only offering now has another name take that name, and keep its id.

    Of several offerings that want one name, the first is asked; the others follow it.
    """
    first = func.row_number().over(partition_by=staged.c.match_key, order_by=staged.c.offering_id)
    moving = (
        select(offering.c.id, offering.c.course_id, staged.c.match_key, staged.c.institution_id)
        .add_columns(first.label("place"))
        .select_from(staged)
        .join(offering, offering.c.id == staged.c.offering_id)
        .where(staged.c.run_id == run.id, is_changed())
        .where(staged.c.match_key != offering.c.match_key)
        .subquery("moving")
    )
    other, namesake = offering.alias("other"), course.alias("namesake")
    shares_course = exists().where(
        other.c.course_id == moving.c.course_id,
        other.c.id != moving.c.id,
        not_(other.c.withdrawn),
    )
    is_taken = exists().where(namesake.c.match_key == moving.c.match_key)
    renamed = (
        select(moving.c.course_id, moving.c.match_key, moving.c.institution_id)
        .where(moving.c.place == 1, not_(shares_course), not_(is_taken))
        .subquery("renamed")
    )
    rename = (
        update(course)
        .where(course.c.id == renamed.c.course_id)
        .values(match_key=renamed.c.match_key, institution_id=renamed.c.institution_id)
    )
    for _ in range(RENAME_ATTEMPTS):
        try:
            with connection.begin_nested():
                connection.execute(rename)
        except IntegrityError:  # another partner has just founded a course of that name
            continue
        return


def _found_courses(connection: Connection, run: OpenRun, now: datetime) -> None:
    """Found the courses that changed rows lack."""
    lacking = (
        changed_rows(run)
        .where(not_(exists().where(course.c.match_key == staged.c.match_key)))
        .order_by(staged.c.match_key, staged.c.offering_id)
    )
    founding = lacking.add_columns(
        staged.c.course_id,
        staged.c.match_key,
        staged.c.institution_id,
        staged.c.offering_id,
        literal(now, Instant),
        false(),
        literal(run.id, Integer),
    )
    columns = [
        "id", "match_key", "institution_id", "founding_offering_id", "created_at",
        "is_live", "changed_run",
    ]  # fmt: skip
    statement = insert_into(connection, course)
    connection.execute(statement.from_select(columns, founding).on_conflict_do_nothing())
    # An offering that leaves the course which it founded cannot give its own name again.
    for row in connection.execute(
        lacking.add_columns(
            staged.c.key, staged.c.match_key, staged.c.institution_id, staged.c.offering_id
        )
    ).all():
        connection.execute(
            statement.values(
                id=derived_id(run.partner, "course", f"{row.key}|{run.id}"),
                match_key=row.match_key,
                institution_id=row.institution_id,
                founding_offering_id=row.offering_id,
                created_at=now,
                is_live=False,
                changed_run=run.id,
            ).on_conflict_do_nothing()
        )


def _write_offerings(connection: Connection, run: OpenRun, now: datetime) -> None:
    rows = (
        changed_rows(
            run,
            staged.c.offering_id,
            literal(run.partner),
            staged.c.key,
            course.c.id,
            staged.c.match_key,
            staged.c.content_hash,
            func.coalesce(staged.c.payload, offering.c.payload),
            false(),
            literal(run.id, Integer),
            literal(run.id, Integer),
            literal(now, Instant),
            staged.c.raw_hash,
            staged.c.category,
            staged.c.delivery_mode,
            staged.c.bundle,
            literal(Approval.APPROVED),
        )
        .join(course, course.c.match_key == staged.c.match_key)
        .order_by(staged.c.offering_id)
    )
    columns = [
        "id", "partner", "key", "course_id", "match_key", "content_hash", "payload",
        "withdrawn", "added_run", "changed_run", "changed_at", "raw_hash",
        "category", "delivery_mode", "bundle", "approval",
    ]  # fmt: skip
    statement = insert_into(connection, offering).from_select(columns, rows)
    kept = {"id", "partner", "key", "added_run", "approval"}
    written = [column for column in columns if column not in kept]
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"], set_={name: statement.excluded[name] for name in written}
        )
    )


def _end(connection: Connection, run: OpenRun, applied: Applied, now: datetime) -> None:
    changed = applied.revision is not None
    connection.execute(
        update(sync_run)
        .where(sync_run.c.id == run.id)
        .values(asdict(applied.counts) | {"revision": applied.revision})
    )
    keep_known_pages(connection, run.partner, run.id)
    live = select(func.count()).where(offering.c.partner == run.partner, not_(offering.c.withdrawn))
    changes = succeeded(connection, run, now) | {
        "listed_run": run.id,
        "offerings": connection.execute(live).scalar_one(),
        "fetched": applied.counts.fetched,
        "quarantined": applied.counts.quarantined,
        "fingerprint": run.fingerprint,
    }
    write_status(connection, run.partner, changes)
    end_run(connection, run, RunOutcome.APPLIED if changed else RunOutcome.UNCHANGED, now)
