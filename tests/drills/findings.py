"""What must hold after a drill, read from the ledger's tables and the partners' books.

Each fault is of one kind, so that a drill's table can count them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Table, func, select

from adapters.base import ReceiptStatus
from gateway.enrolment.audit.verifying import verify
from gateway.enrolment.money import Account, MovementKind
from gateway.storage.ledger_tables import (
    enrolment,
    enrolment_event,
    entry,
    idempotency_key,
    learner,
    outbox,
)
from schema.model.enrolment import EnrolmentStatus
from tests.drills.conduct import Behaviour
from tests.drills.partners import Booked

M = MovementKind


class Kind(StrEnum):
    """In what way a drill can fail."""

    LOST = "lost"
    DOUBLED = "doubled"
    MONEY = "money"
    AUDIT = "audit"
    LEFT_OVER = "left over"  # of a transaction that was cut
    SLOW = "slow"  # not settled in time
    UNREACHED = "unreached"  # the drill itself failed: nobody was killed there
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that must not be."""

    kind: Kind
    detail: str


Accepted = Mapping[str, str]  # the enrolment that was told to each learner


def examine(
    connection: Connection, accepted: Accepted, bookings: Mapping[str, Sequence[Booked]]
) -> list[Fault]:
    """Return all that is wrong once everything should be settled."""
    rows: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(select(enrolment)):
        rows[row.learner_id].append(row)
    return [
        *_lost(accepted, rows),
        *_doubled(rows, bookings),
        *_money(connection, rows),
        *_unfinished(connection),
        *_audit(connection),
    ]


def find_traces(connection: Connection, name: str) -> list[Fault]:
    """Return what a cut transaction has left of a learner who had nothing but a grant."""
    traces: list[tuple[Table, Any]] = [
        (enrolment, enrolment.c.learner_id == name),
        (idempotency_key, idempotency_key.c.learner_id == name),
        (entry, (entry.c.learner_id == name) & (entry.c.kind != M.GRANT)),
        (outbox, outbox.c.enrolment_id.in_(_ids_of(name))),
        (enrolment_event, enrolment_event.c.enrolment_id.in_(_ids_of(name))),
    ]
    return [
        Fault(Kind.LEFT_OVER, f"{name}: a row in {table.name}")
        for table, mine in traces
        if connection.scalar(select(func.count()).select_from(table).where(mine))
    ]


def find_missing(connection: Connection, accepted: Accepted) -> list[Fault]:
    """Return the accepted enrolments that are not there: asked right after a crash."""
    mine = enrolment.c.learner_id.in_(sorted(accepted))
    found = {row.id for row in connection.execute(select(enrolment.c.id).where(mine))}
    return [
        Fault(Kind.LOST, f"{name}: {told} was accepted and is gone after the crash")
        for name, told in accepted.items()
        if told not in found
    ]


def _ids_of(name: str) -> Any:
    return select(enrolment.c.id).where(enrolment.c.learner_id == name)


def _is_refused(name: str) -> bool:
    return Behaviour.REFUSES in name


def _lost(accepted: Accepted, rows: Mapping[str, Sequence[Row[Any]]]) -> Iterator[Fault]:
    for name, told in accepted.items():
        mine = [row for row in rows.get(name, ()) if row.id == told]
        wanted = EnrolmentStatus.REJECTED if _is_refused(name) else EnrolmentStatus.CONFIRMED
        if not mine:
            yield Fault(Kind.LOST, f"{name}: {told} was accepted and is gone")
        elif mine[0].status != wanted:
            yield Fault(Kind.LOST, f"{name}: {told} is {mine[0].status}, not {wanted}")


def _doubled(
    rows: Mapping[str, Sequence[Row[Any]]], bookings: Mapping[str, Sequence[Booked]]
) -> Iterator[Fault]:
    for name, mine in rows.items():
        if len(mine) > 1:
            yield Fault(Kind.DOUBLED, f"{name}: {len(mine)} enrolments")
        yield from _booked_wrongly(name, mine, bookings.get(name, ()))


def _booked_wrongly(
    name: str, mine: Sequence[Row[Any]], booked: Sequence[Booked]
) -> Iterator[Fault]:
    held = {b.reference: b for b in booked if b.status == ReceiptStatus.CONFIRMED}
    for one in held.values():
        if one.times != 1:
            yield Fault(Kind.DOUBLED, f"{name}: {one.partner} was told to book {one.times} times")
    wanted = {row.reference for row in mine if row.status == EnrolmentStatus.CONFIRMED}
    if surplus := held.keys() - wanted:
        yield Fault(Kind.DOUBLED, f"{name}: the partner holds {sorted(surplus)}")
    if missing := wanted - held.keys():
        yield Fault(Kind.LOST, f"{name}: the partner does not hold {sorted(missing)}")


def _money(connection: Connection, rows: Mapping[str, Sequence[Row[Any]]]) -> Iterator[Fault]:
    movements: Counter[str] = Counter()
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    moved: defaultdict[str, Counter[tuple[str, int]]] = defaultdict(Counter)
    for row in connection.execute(select(entry)):
        movements[row.movement] += row.amount
        sums[row.learner_id][row.account] += row.amount
        if row.amount > 0 and row.enrolment_id is not None:
            moved[row.enrolment_id][row.kind, row.amount] += 1
    yield from (
        Fault(Kind.MONEY, f"{movement} is out by {by}") for movement, by in movements.items() if by
    )
    yield from _misplaced(rows, moved)
    for row in connection.execute(select(learner)):
        yield from _wrong_sums(row, sums[row.id])


def _misplaced(
    rows: Mapping[str, Sequence[Row[Any]]], moved: Mapping[str, Counter[tuple[str, int]]]
) -> Iterator[Fault]:
    """Yield where the money of a settled enrolment has not gone its one way."""
    for row in (row for mine in rows.values() for row in mine):
        end = M.RELEASE if row.status == EnrolmentStatus.REJECTED else M.CAPTURE
        wanted = {(M.HOLD, row.price): 1, (end, row.price): 1}
        if moved.get(row.id, Counter()) != wanted:
            found = dict(moved.get(row.id, {}))
            yield Fault(Kind.MONEY, f"{row.learner_id}: {row.status} at {row.price}, moved {found}")


def _wrong_sums(row: Row[Any], sums: Mapping[str, int]) -> Iterator[Fault]:
    shown = {
        Account.SPENDABLE: row.spendable,
        Account.HELD: row.held,
        Account.PARTNER: row.paid,
    }
    for account, amount in shown.items():
        if amount != sums.get(account, 0) or amount < 0:
            told = f"{account} says {amount}, its entries {sums.get(account, 0)}"
            yield Fault(Kind.MONEY, f"{row.id}: {told}")


def _unfinished(connection: Connection) -> Iterator[Fault]:
    for row in connection.execute(select(outbox)):
        yield Fault(Kind.SLOW, f"{row.enrolment_id}: still {row.next_step} {row.operation}")


def _audit(connection: Connection) -> Iterator[Fault]:
    found = verify(connection)
    if found.fault is not None:
        yield Fault(Kind.AUDIT, found.fault)
    if found.tail.rows:
        yield Fault(Kind.AUDIT, f"{found.tail.rows} rows are not sealed")
