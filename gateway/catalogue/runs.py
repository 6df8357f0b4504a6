"""Sync runs in the database: opened or resumed, checkpointed with every page, ended.

A page is staged in the transaction that moves the checkpoint behind it, so a run that is
killed goes on exactly there.  Functions of a connection: the caller owns the transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Table,
    delete,
    func,
    insert,
    literal,
    not_,
    select,
    update,
)

from adapters.base import Cursor
from gateway.catalogue.known_pages import KnownPage, read_known_pages
from gateway.storage.columns import Instant
from gateway.storage.sync_tables import (
    left_out,
    partner_status,
    quarantine,
    seen_field,
    staged_offering,
    staged_page,
    staged_session,
    sync_run,
    unknown_term,
)
from gateway.storage.upsert import insert_into
from schema.model.values import PartnerCode

RESUME_WITHIN = timedelta(hours=1)  # an older checkpoint would mix two days of one list
KEPT_RUNS = 50  # per partner, with their quarantine

STAGED = (staged_page, staged_offering, staged_session)  # gone when a run ends
FOUND = (quarantine, left_out, unknown_term, seen_field)  # kept with the run


NOTHING_WITHHELD: dict[str, Any] = {
    "held_run": None, "withheld_since": None, "withheld_reason": None,
}  # fmt: skip


class RunOutcome(StrEnum):
    """What became of a run."""

    RUNNING = "RUNNING"
    APPLIED = "APPLIED"
    UNCHANGED = "UNCHANGED"  # read whole, equal to what stands
    NOT_MODIFIED = "NOT_MODIFIED"  # the partner said so
    FAILED = "FAILED"
    HELD = "HELD"  # read whole, and waits for an operator
    REJECTED = "REJECTED"  # by an operator, now or when the same was listed before
    SUPERSEDED = "SUPERSEDED"  # held, until a newer list took its place; or that list again
    ABANDONED = "ABANDONED"  # killed, and too old to resume


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run has met: fetched = offerings + sessions + duplicates + left out + quarantined."""

    fetched: int = 0
    sessions: int = 0
    duplicates: int = 0
    left_out: int = 0
    quarantined: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Return both together."""
        sums = (getattr(self, f.name) + getattr(other, f.name) for f in fields(self))
        return Counts(*sums)


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run under way; `cursor` asks for its next page, `visited` are the pages so far."""

    id: int
    partner: PartnerCode
    fingerprint: str
    counts: Counts = Counts()
    pages: int = 0
    total: int | None = None
    cursor: Cursor | None = None
    walked: bool = False
    restarts: int = 0
    visited: tuple[tuple[Cursor | None, str], ...] = ()
    known: tuple[KnownPage, ...] = ()  # of the list that stands


def open_run(
    connection: Connection, partner: PartnerCode, fingerprint: str, now: datetime
) -> OpenRun:
    """Resume the partner's run where it was killed, or open a new one."""
    found = connection.execute(
        select(sync_run).where(
            sync_run.c.partner == partner, sync_run.c.outcome == RunOutcome.RUNNING
        )
    ).one_or_none()
    if found is not None:
        if found.fingerprint == fingerprint and found.checkpoint_at >= now - RESUME_WITHIN:
            return _resumed(connection, found)
        end_run(connection, _resumed(connection, found), RunOutcome.ABANDONED, now)
    values = asdict(Counts()) | {
        "partner": partner, "outcome": RunOutcome.RUNNING, "fingerprint": fingerprint,
        "started_at": now, "checkpoint_at": now, "walked": False, "restarts": 0, "pages": 0,
    }  # fmt: skip
    run_id = connection.execute(
        insert(sync_run).values(values).returning(sync_run.c.id)
    ).scalar_one()
    known = read_known_pages(connection, partner, fingerprint)
    return OpenRun(run_id, partner, fingerprint, known=known)


def restart_run(connection: Connection, run: OpenRun, now: datetime) -> OpenRun:
    """Forget the pages of a walk that cannot go on, and begin it again."""
    _clear(connection, run.id, (*STAGED, *FOUND))
    connection.execute(
        update(sync_run)
        .where(sync_run.c.id == run.id)
        .values(
            asdict(Counts())
            | {"cursor": None, "walked": False, "pages": 0, "total": None}
            | {"restarts": run.restarts + 1, "checkpoint_at": now}
        )
    )
    return OpenRun(run.id, run.partner, run.fingerprint, restarts=run.restarts + 1)


def fail_run(connection: Connection, run: OpenRun, reason: str, now: datetime) -> None:
    """End a run that failed, and remember since when the partner fails."""
    end_run(connection, run, RunOutcome.FAILED, now, reason=reason)
    since = func.coalesce(partner_status.c.failing_since, literal(now, Instant))
    changes = {"attempted_at": now, "failing_since": now, "failure": reason}
    write_status(connection, run.partner, changes | {"failing_since": since}, first=changes)


def end_unmodified(connection: Connection, run: OpenRun, now: datetime) -> None:
    """End a run to which the partner said that nothing has changed."""
    end_run(connection, run, RunOutcome.NOT_MODIFIED, now)
    write_status(connection, run.partner, succeeded(connection, run, now))


def succeeded(connection: Connection, run: OpenRun, now: datetime) -> dict[str, Any]:
    """Return the columns of `partner_status` that every success sets.

    What was fetched is as old as the run's beginning: a place that was booked while the
    pages were read may not be in the partner's count.
    """
    question = select(sync_run.c.started_at).where(sync_run.c.id == run.id)
    began = connection.execute(question).scalar_one()
    return NOTHING_WITHHELD | {
        "attempted_at": now, "fetched_at": began, "failing_since": None, "failure": None,
    }  # fmt: skip


def load_run(connection: Connection, run_id: int) -> OpenRun:
    """Return a run as it stands in the database."""
    found = connection.execute(select(sync_run).where(sync_run.c.id == run_id)).one()
    return _resumed(connection, found)


def abandon_open_run(connection: Connection, partner: PartnerCode, now: datetime) -> None:
    """End the run that would be resumed: the catalogue that it was compared with changes."""
    question = select(sync_run.c.id).where(
        sync_run.c.partner == partner, sync_run.c.outcome == RunOutcome.RUNNING
    )
    for run_id in connection.execute(question).scalars().all():
        end_run(connection, load_run(connection, run_id), RunOutcome.ABANDONED, now)


def hold_run(
    connection: Connection, run: OpenRun, counts: Counts, reason: str, now: datetime
) -> None:
    """End the reading of a run and keep what it has staged, for a decision."""
    values = asdict(counts) | {"outcome": RunOutcome.HELD, "reason": reason, "ended_at": now}
    connection.execute(update(sync_run).where(sync_run.c.id == run.id).values(values))
    _clear(connection, run.id, (staged_session,))  # they have joined their offerings
    _prune(connection, run.partner)


def write_status(
    connection: Connection,
    partner: PartnerCode,
    changes: Mapping[str, Any],
    first: Mapping[str, Any] | None = None,
) -> None:
    """Change a partner's status and raise its epoch; `first` are the values of a new row."""
    counted = {"offerings": 0, "fetched": 0, "quarantined": 0}
    row = {"partner": partner, "epoch": 1} | counted | dict(first or changes)
    connection.execute(
        insert_into(connection, partner_status)
        .values(row)
        .on_conflict_do_update(
            index_elements=["partner"],
            set_=dict(changes) | {"epoch": partner_status.c.epoch + 1},
        )
    )


def end_run(
    connection: Connection,
    run: OpenRun,
    outcome: RunOutcome,
    now: datetime,
    *,
    reason: str | None = None,
) -> None:
    """Close a run's row and clear what it has staged."""
    connection.execute(
        update(sync_run)
        .where(sync_run.c.id == run.id)
        .values(outcome=outcome, reason=reason, ended_at=now)
    )
    _clear(connection, run.id, STAGED)
    _prune(connection, run.partner)


def _resumed(connection: Connection, found: Row[Any]) -> OpenRun:
    visited = connection.execute(
        select(staged_page.c.cursor, staged_page.c.content_hash)
        .where(staged_page.c.run_id == found.id)
        .order_by(staged_page.c.number)
    )
    return OpenRun(
        id=found.id,
        partner=found.partner,
        fingerprint=found.fingerprint,
        counts=Counts(**{f.name: getattr(found, f.name) for f in fields(Counts)}),
        pages=found.pages,
        total=found.total,
        cursor=found.cursor,
        walked=found.walked,
        restarts=found.restarts,
        visited=tuple((page.cursor, page.content_hash) for page in visited),
        known=read_known_pages(connection, found.partner, found.fingerprint),
    )


def _clear(connection: Connection, run_id: int, tables: Sequence[Table]) -> None:
    for table in tables:
        connection.execute(delete(table).where(table.c.run_id == run_id))


def _prune(connection: Connection, partner: PartnerCode) -> None:
    """Delete the partner's oldest runs, but not the listed one (its quarantine) nor the held."""
    newest_out = (
        select(sync_run.c.id)
        .where(sync_run.c.partner == partner)
        .order_by(sync_run.c.id.desc())
        .offset(KEPT_RUNS)
        .limit(1)
        .scalar_subquery()
    )
    of_partner = partner_status.c.partner == partner
    listed = select(partner_status.c.listed_run).where(of_partner)
    is_held = sync_run.c.outcome == RunOutcome.HELD
    connection.execute(
        delete(sync_run).where(
            sync_run.c.partner == partner,
            sync_run.c.id <= newest_out,
            sync_run.c.id != func.coalesce(listed.scalar_subquery(), 0),
            not_(is_held),
        )
    )
