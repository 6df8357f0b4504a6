"""A delta is settled like a whole list: what it does not name is staged as it stands.

So the same safety catch judges it, and a decision about a held one is carried out in the same
way.  Functions of a connection: the caller owns the transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Table,
    delete,
    exists,
    insert,
    literal,
    not_,
    or_,
    select,
)

from gateway.catalogue.runs import Counts, OpenRun
from gateway.catalogue.standing import chunks
from gateway.storage.catalogue_tables import course, institution, offering
from gateway.storage.push_tables import push_withdrawal
from gateway.storage.sync_tables import partner_status, quarantine, seen_field, staged_offering
from gateway.storage.upsert import insert_into

_QUARANTINED = ("page", "row", "offering_id", "key", "reason", "raw", "raw_hash")


def note_withdrawals(
    connection: Connection, run: OpenRun, withdrawn: Sequence[str], listed: Sequence[str]
) -> None:
    """Keep what a page takes back, and forget that of what it lists again."""
    for ids in chunks(listed):
        again = push_withdrawal.c.offering_id.in_(ids)
        connection.execute(delete(push_withdrawal).where(push_withdrawal.c.run_id == run.id, again))
    rows = [{"run_id": run.id, "offering_id": each} for each in withdrawn]
    if rows:
        connection.execute(insert_into(connection, push_withdrawal).on_conflict_do_nothing(), rows)


def carry_over(connection: Connection, run: OpenRun) -> OpenRun:
    """Stage all that stands and the delta does not name, good rows and bad ones."""
    standing = select(partner_status.c.listed_run).where(partner_status.c.partner == run.partner)
    before = connection.execute(standing).scalar_one_or_none()
    bad = _carry_quarantine(connection, run, before)
    good = _carry_offerings(connection, run)
    _carry_profile(connection, run, before)
    carried = Counts(fetched=good + bad, quarantined=bad, unchanged=good)
    return replace(run, counts=run.counts + carried)


def _carry_offerings(connection: Connection, run: OpenRun) -> int:
    columns: dict[str, ColumnElement[Any]] = {
        "offering_id": offering.c.id,
        "institution_id": institution.c.id,
        "institution_key": institution.c.match_key,
        "institution_name": institution.c.name,
    }
    same = (
        "key", "content_hash", "match_key", "course_id", "raw_hash", "category",
        "delivery_mode", "bundle",
    )  # fmt: skip
    columns |= {name: offering.c[name] for name in same}
    rows = (
        select(_run(run), *columns.values())
        .join(course, course.c.id == offering.c.course_id)
        .join(institution, institution.c.id == course.c.institution_id)
        .where(
            offering.c.partner == run.partner,
            not_(offering.c.withdrawn),
            not_(_is_named(run, offering.c.id)),
        )
    )
    return _insert(connection, staged_offering, columns, rows)


def _carry_quarantine(connection: Connection, run: OpenRun, before: int | None) -> int:
    """Keep what is known of offerings whose newest row could not be read."""
    rows = select(_run(run), *(quarantine.c[name] for name in _QUARANTINED)).where(
        quarantine.c.run_id == before,
        quarantine.c.offering_id.is_not(None),
        not_(_is_named(run, quarantine.c.offering_id)),
    )
    return _insert(connection, quarantine, _QUARANTINED, rows)


def _carry_profile(connection: Connection, run: OpenRun, before: int | None) -> None:
    """Keep which fields the whole list had: a few rows say nothing about that."""
    names = ("origin", "name", "rows")
    connection.execute(delete(seen_field).where(seen_field.c.run_id == run.id))
    rows = select(_run(run), *(seen_field.c[name] for name in names)).where(
        seen_field.c.run_id == before
    )
    _insert(connection, seen_field, names, rows)


def _insert(connection: Connection, table: Table, columns: Iterable[str], rows: Select[Any]) -> int:
    """Insert rows that were read under a run's id; return how many."""
    statement = insert(table).from_select(["run_id", *columns], rows)
    counted = statement.execution_options(preserve_rowcount=True)
    return int(connection.execute(counted).rowcount)


def _run(run: OpenRun) -> Any:
    return literal(run.id, Integer)


def _is_named(run: OpenRun, offering_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether the delta says anything of an offering."""
    staged, bad = staged_offering.alias("staged"), quarantine.alias("bad")
    return or_(
        exists().where(staged.c.run_id == run.id, staged.c.offering_id == offering_id),
        exists().where(bad.c.run_id == run.id, bad.c.offering_id == offering_id),
        exists().where(
            push_withdrawal.c.run_id == run.id, push_withdrawal.c.offering_id == offering_id
        ),
    )
