"""The safety catch: a list that was read whole is applied, or held for an operator.

One transaction each.  A partner has one held list at most; its rows stay staged under its
run.  A newer list that is good takes its place in the catalogue, one that alarms again takes
its place here, and the very same list leaves it as it is, so that a decision still names it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, text, update

from gateway.catalogue.alarms import Evidence, Profile, find_alarms, to_reason
from gateway.catalogue.apply import apply_run
from gateway.catalogue.difference import Difference, read_difference, read_price_changes
from gateway.catalogue.profile import read_profile
from gateway.catalogue.records import digest
from gateway.catalogue.runs import (
    Counts,
    OpenRun,
    RunOutcome,
    abandon_open_run,
    end_run,
    end_unmodified,
    hold_run,
    load_run,
    write_status,
)
from gateway.catalogue.staging import join_sessions
from gateway.storage.sync_tables import (
    held_list,
    partner_status,
    rejected_list,
    staged_page,
    sync_run,
)
from gateway.storage.upsert import insert_into
from schema.model.held import Alarm, AlarmKind
from schema.model.values import PartnerCode

REMEMBERED = 20  # rejected lists, per partner


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a list: applied, unless `withheld` says why not."""

    counts: Counts
    revision: int | None = None
    outcome: RunOutcome = RunOutcome.APPLIED
    withheld: str | None = None


def settle_run(
    connection: Connection, run: OpenRun, now: datetime, *, accept_alarm: bool = False
) -> Settled:
    """Apply the run's staged list; withhold it if it alarms, unless that is accepted."""
    _take_time(connection)
    run = join_sessions(connection, run)
    found = read_difference(connection, run)
    alarms = () if accept_alarm else find_alarms(_read_evidence(connection, run, found))
    if alarms:
        return _withhold(connection, run, found.counted(run.counts), alarms, now)
    applied = apply_run(connection, run, found, now)
    drop_held(connection, run.partner, now)
    return Settled(applied.counts, applied.revision)


def settle_unmodified(connection: Connection, run: OpenRun, now: datetime) -> None:
    """End a run to which the partner said that the list that stands is the newest again."""
    end_unmodified(connection, run, now)
    drop_held(connection, run.partner, now)


def drop_held(connection: Connection, partner: PartnerCode, now: datetime) -> None:
    """Discard the partner's held list, if there is one: a newer one has taken its place."""
    found = read_held_row(connection, held_list.c.partner == partner)
    if found is not None:
        connection.execute(delete(held_list).where(held_list.c.run_id == found.run_id))
        run, reason = load_run(connection, found.run_id), to_reason(alarms_of(found))
        end_run(connection, run, RunOutcome.SUPERSEDED, now, reason=reason)


def read_held_row(connection: Connection, which: Any) -> Row[Any] | None:
    """Return the held list that `which` names, locked against a second decision, or None."""
    return connection.execute(select(held_list).where(which).with_for_update()).one_or_none()


def approve_held(connection: Connection, run_id: int, now: datetime) -> Settled | None:
    """Apply a held list exactly as it was staged; None if that run is not held."""
    _take_time(connection)
    held = read_held_row(connection, held_list.c.run_id == run_id)
    if held is None:
        return None
    abandon_open_run(connection, held.partner, now)
    run = load_run(connection, run_id)
    connection.execute(delete(held_list).where(held_list.c.run_id == run_id))
    applied = apply_run(connection, run, read_difference(connection, run), now)
    write_status(connection, held.partner, {"attempted_at": now, "fetched_at": held.read_at})
    return Settled(applied.counts, applied.revision)


def reject_held(connection: Connection, run_id: int, now: datetime) -> PartnerCode | None:
    """Discard a held list and remember it; return its partner, or None if it is not held."""
    held = read_held_row(connection, held_list.c.run_id == run_id)
    if held is None:
        return None
    partner = PartnerCode(held.partner)
    reason = to_reason(alarms_of(held))
    connection.execute(delete(held_list).where(held_list.c.run_id == run_id))
    end_run(connection, load_run(connection, run_id), RunOutcome.REJECTED, now, reason=reason)
    _remember_rejected(connection, partner, held.content_hash, now)
    changes = {"held_run": None, "withheld_reason": _rejected_for(reason)}
    write_status(connection, partner, {"attempted_at": now} | changes)
    return partner


def alarms_of(held: Row[Any]) -> tuple[Alarm, ...]:
    """Return why a list is held."""
    found: tuple[Alarm, ...] = msgspec.json.decode(held.alarms, type=tuple[Alarm, ...])
    return found


def _take_time(connection: Connection) -> None:
    """Let a large list take its time, and wait for other partners' lists."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = '300s'"))


def _read_evidence(connection: Connection, run: OpenRun, found: Difference) -> Evidence:
    before = _read_standing_run(connection, run)
    return Evidence(
        standing=found.standing,
        listed=found.listed,
        withdrawn=found.withdrawn,
        fetched=run.counts.fetched - run.counts.left_out,  # those were not to be read
        quarantined=run.counts.quarantined,
        sessions_before=load_run(connection, before).counts.sessions if before else 0,
        sessions=run.counts.sessions,
        prices=read_price_changes(connection, run),
        before=read_profile(connection, before),
        now=read_profile(connection, run.id) or Profile(),
    )


def _read_standing_run(connection: Connection, run: OpenRun) -> int | None:
    """Return the run of the list that stands, if it was read as this one is.

    A mapping that people have changed reads other fields: that is no loss.
    """
    question = select(partner_status.c.listed_run).where(
        partner_status.c.partner == run.partner, partner_status.c.fingerprint == run.fingerprint
    )
    found: int | None = connection.execute(question).scalar_one_or_none()
    return found


def _withhold(
    connection: Connection, run: OpenRun, counts: Counts, alarms: tuple[Alarm, ...], now: datetime
) -> Settled:
    """Hold the list, unless the very same one is held or was rejected already."""
    reason, content_hash = to_reason(alarms), _content_hash(connection, run)
    told: dict[str, Any] = {"attempted_at": now, "failing_since": None, "failure": None}
    outcome = RunOutcome.HELD
    held = read_held_row(connection, held_list.c.partner == run.partner)
    if held is not None and held.content_hash == content_hash:
        same = update(held_list).where(held_list.c.run_id == held.run_id)
        connection.execute(same.values(read_at=_began(connection, run)))
        end_run(connection, run, RunOutcome.SUPERSEDED, now, reason=f"as run {held.run_id}")
    else:
        drop_held(connection, run.partner, now)
        rejected_at = _rejected_at(connection, run.partner, content_hash)
        if rejected_at is None:
            is_like = held is not None and _are_alike(alarms_of(held), alarms)
            since = held.held_since if held is not None and is_like else now
            _hold(connection, run, counts, alarms, (since, now, content_hash))
            told |= {"held_run": run.id, "withheld_since": since, "withheld_reason": reason}
        else:
            outcome = RunOutcome.REJECTED
            end_run(connection, run, outcome, now, reason=reason)
            said = _rejected_for(reason)
            told |= {"held_run": None, "withheld_since": rejected_at, "withheld_reason": said}
    write_status(connection, run.partner, told)
    return Settled(counts, outcome=outcome, withheld=reason)


def _hold(
    connection: Connection,
    run: OpenRun,
    counts: Counts,
    alarms: tuple[Alarm, ...],
    told: tuple[datetime, datetime, str],
) -> None:
    since, now, content_hash = told
    hold_run(connection, run, counts, to_reason(alarms), now)
    connection.execute(
        insert(held_list).values(
            run_id=run.id,
            partner=run.partner,
            held_since=since,
            read_at=_began(connection, run),
            content_hash=content_hash,
            alarms=msgspec.json.encode(alarms).decode(),
        )
    )


def _rejected_for(reason: str) -> str:
    return f"rejected by an operator: {reason}"


def _began(connection: Connection, run: OpenRun) -> datetime:
    question = select(sync_run.c.started_at).where(sync_run.c.id == run.id)
    moment: datetime = connection.execute(question).scalar_one()
    return moment


def _are_alike(before: tuple[Alarm, ...], after: tuple[Alarm, ...]) -> bool:
    kinds: set[AlarmKind] = {alarm.kind for alarm in before}
    return any(alarm.kind in kinds for alarm in after)


def _content_hash(connection: Connection, run: OpenRun) -> str:
    """Return what stands for all that the list says, page by page."""
    pages = select(staged_page.c.content_hash).where(staged_page.c.run_id == run.id)
    return digest("\n".join(connection.execute(pages.order_by(staged_page.c.number)).scalars()))


def _rejected_at(
    connection: Connection, partner: PartnerCode, content_hash: str
) -> datetime | None:
    question = select(rejected_list.c.rejected_at).where(
        rejected_list.c.partner == partner, rejected_list.c.content_hash == content_hash
    )
    return connection.execute(question).scalar_one_or_none()


def _remember_rejected(
    connection: Connection, partner: PartnerCode, content_hash: str, now: datetime
) -> None:
    values = {"partner": partner, "content_hash": content_hash, "rejected_at": now}
    connection.execute(
        insert_into(connection, rejected_list)
        .values(values)
        .on_conflict_do_update(
            index_elements=["partner", "content_hash"], set_={"rejected_at": now}
        )
    )
    of_partner = rejected_list.c.partner == partner
    newest = (
        select(rejected_list.c.content_hash)
        .where(of_partner)
        .order_by(rejected_list.c.rejected_at.desc(), rejected_list.c.content_hash)
        .limit(REMEMBERED)
    )
    kept = connection.execute(newest).scalars().all()
    connection.execute(
        delete(rejected_list).where(of_partner, rejected_list.c.content_hash.not_in(kept))
    )
