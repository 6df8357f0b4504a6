"""Uploads in the database: begun or resumed, stored batch by batch, settled at their end.

A session is one run of the partner's list (`gateway.catalogue.runs`).  A batch is staged in the
transaction that moves the session's count behind it, so an upload that is cut goes on exactly
there.  The newest session of a partner is the one: beginning it gives up an older one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, select, update

from gateway.catalogue.alarms import Profile
from gateway.catalogue.approvals import note_approval_mode
from gateway.catalogue.holding import Settled, settle_run
from gateway.catalogue.profile import add_profile
from gateway.catalogue.records import VERSION
from gateway.catalogue.rows import PageRows
from gateway.catalogue.runs import (
    RESUME_WITHIN,
    OpenRun,
    RunOutcome,
    abandon_open_run,
    end_run,
    load_run,
    open_run,
)
from gateway.catalogue.staging import stage_page
from gateway.partners.config import PartnerConfig
from gateway.push.batches import Mode
from gateway.push.deltas import carry_over, note_withdrawals
from gateway.storage.push_tables import push_session
from gateway.storage.sync_tables import sync_run
from schema.model.values import PartnerCode

KEPT_SESSIONS = 50  # per partner, for whoever asks what became of one


class State(StrEnum):
    """Where a session stands."""

    OPEN = "open"
    APPLIED = "applied"
    HELD = "held"  # as a whole, for an operator
    REJECTED = "rejected"  # an operator has rejected just this list before
    GIVEN_UP = "given_up"


_STATES = {
    RunOutcome.APPLIED: State.APPLIED,
    RunOutcome.HELD: State.HELD,
    RunOutcome.REJECTED: State.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Session:
    """An upload, and how far it is; `outcome` is what was answered at its end."""

    partner: PartnerCode
    name: str
    mode: Mode
    run_id: int
    rows: int
    bytes: int
    state: State
    outcome: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are stored together, and how many bytes they came in."""

    page: PageRows
    profile: Profile
    rows: int
    bytes: int


def read_session(connection: Connection, partner: PartnerCode, name: str) -> Session | None:
    """Return a session; None if there is none of this name, or it is long ago."""
    row = connection.execute(select(push_session).where(_is(partner, name))).first()
    return None if row is None else _to_session(row)


def resume(
    connection: Connection, config: PartnerConfig, name: str, now: datetime
) -> tuple[Session, OpenRun] | None:
    """Return an open session and its run, to be gone on with; None if there is no such one.

    One that has stood for too long is given up: it would mix two days of one list.
    """
    found = read_session(connection, config.code, name)
    if found is None or found.state is not State.OPEN:
        return None
    open_since = connection.execute(
        select(sync_run.c.checkpoint_at).where(
            sync_run.c.id == found.run_id, sync_run.c.outcome == RunOutcome.RUNNING
        )
    ).scalar_one_or_none()
    if open_since is None or open_since < now - RESUME_WITHIN:
        give_up(connection, found, now)
        return None
    return found, load_run(connection, found.run_id)


def begin(
    connection: Connection, config: PartnerConfig, name: str, mode: Mode, now: datetime
) -> tuple[Session, OpenRun]:
    """Begin a session; one of the partner's that is still open is given up."""
    note_approval_mode(connection, config)
    open_ones = and_(push_session.c.partner == config.code, push_session.c.state == State.OPEN)
    connection.execute(update(push_session).where(open_ones).values(state=State.GIVEN_UP))
    abandon_open_run(connection, config.code, now)
    run = open_run(connection, config.code, to_fingerprint(config), now)
    session = Session(config.code, name, mode, run.id, 0, 0, State.OPEN)
    connection.execute(delete(push_session).where(_is(config.code, name)))
    connection.execute(
        insert(push_session).values(
            partner=config.code, session=name, mode=mode, run_id=run.id, rows=0, bytes=0,
            state=State.OPEN, started_at=now, stored_at=now,
        )
    )  # fmt: skip
    _prune(connection, config.code)
    return session, run


def store(
    connection: Connection, session: Session, run: OpenRun, part: Part, now: datetime
) -> tuple[Session, OpenRun]:
    """Stage a part and count its rows."""
    if session.mode is Mode.FULL:
        add_profile(connection, run.id, part.profile)
    staged = stage_page(connection, run, part.page, now)
    if session.mode is Mode.DELTA:
        listed = [row.offering_id for row in part.page.offerings]
        note_withdrawals(connection, run, part.page.withdrawn, listed)
    moved = replace(session, rows=session.rows + part.rows, bytes=session.bytes + part.bytes)
    connection.execute(
        update(push_session)
        .where(_is(session.partner, session.name))
        .values(rows=moved.rows, bytes=moved.bytes, stored_at=now)
    )
    return moved, staged.run


def settle(
    connection: Connection, session: Session, run: OpenRun, now: datetime
) -> tuple[Session, Settled]:
    """Apply an upload that is whole, or hold it, as any list of the partner."""
    if session.mode is Mode.DELTA:
        run = carry_over(connection, run)
    settled = settle_run(connection, run, now)
    ended = replace(session, state=_STATES[settled.outcome], outcome=to_outcome(session, settled))
    _end(connection, ended)
    return ended, settled


def give_up(connection: Connection, session: Session, now: datetime) -> None:
    """End a session of which nothing is to come."""
    run = select(sync_run.c.id).where(
        sync_run.c.id == session.run_id, sync_run.c.outcome == RunOutcome.RUNNING
    )
    if connection.execute(run).first() is not None:
        end_run(connection, load_run(connection, session.run_id), RunOutcome.ABANDONED, now)
    _end(connection, replace(session, state=State.GIVEN_UP))


def to_outcome(session: Session, settled: Settled) -> Mapping[str, Any]:
    """Return an upload's last line: what became of it, and its counts."""
    counts = settled.counts
    told: dict[str, Any] = {"outcome": _STATES[settled.outcome].value, "rows": session.rows}
    if settled.withheld is not None:
        told["reason"] = settled.withheld
    names = ("added", "changed", "unchanged", "withdrawn", "quarantined", "duplicates")
    return told | {"revision": settled.revision} | {name: getattr(counts, name) for name in names}


def to_fingerprint(config: PartnerConfig) -> str:
    """Return what stands for how pushed lists are read."""
    said = orjson.dumps([VERSION, config.adapter, config.options], default=str)
    return blake2b(said, digest_size=16).hexdigest()


def _end(connection: Connection, session: Session) -> None:
    outcome = None if session.outcome is None else orjson.dumps(session.outcome).decode()
    connection.execute(
        update(push_session)
        .where(_is(session.partner, session.name), push_session.c.run_id == session.run_id)
        .values(state=session.state, outcome=outcome)
    )


def _prune(connection: Connection, partner: PartnerCode) -> None:
    """Forget the partner's oldest sessions."""
    of_partner = push_session.c.partner == partner
    names = select(push_session.c.session).where(of_partner)
    newest: Sequence[str] = (
        connection.execute(names.order_by(push_session.c.run_id.desc()).limit(KEPT_SESSIONS))
        .scalars()
        .all()
    )
    if connection.execute(select(func.count()).where(of_partner)).scalar_one() > len(newest):
        gone = push_session.c.session.not_in(newest)
        connection.execute(delete(push_session).where(of_partner, gone))


def _is(partner: PartnerCode, name: str) -> ColumnElement[bool]:
    return and_(push_session.c.partner == partner, push_session.c.session == name)


def _to_session(row: Row[Any]) -> Session:
    return Session(
        partner=PartnerCode(row.partner),
        name=row.session,
        mode=Mode(row.mode),
        run_id=row.run_id,
        rows=row.rows,
        bytes=row.bytes,
        state=State(row.state),
        outcome=None if row.outcome is None else orjson.loads(row.outcome),
    )
