"""Training money by double entry: movements between accounts, and the balances they make.

A movement takes from one account and gives to another, so its two rows sum to zero:

    GRANT    programme -> spendable      HOLD     spendable -> held
    EXPIRE   spendable -> programme      RELEASE  held -> spendable
    CAPTURE  held -> partner             REFUND   partner -> spendable

The database keeps each learner's sums beside the learner and refuses a movement that would
make one negative, so two that race for the same money cannot both have it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from gateway.storage.ledger_tables import entry, learner
from gateway.storage.sets import insert_all
from schema.model.values import EnrolmentId, LearnerId


class Account(StrEnum):
    """Where money can be; every row also names the learner whose money it is."""

    PROGRAMME = "PROGRAMME"
    SPENDABLE = "SPENDABLE"
    HELD = "HELD"
    PARTNER = "PARTNER"


class MovementKind(StrEnum):
    """Why money moves."""

    GRANT = "GRANT"
    HOLD = "HOLD"
    CAPTURE = "CAPTURE"
    RELEASE = "RELEASE"
    REFUND = "REFUND"
    EXPIRE = "EXPIRE"


FLOWS = {
    MovementKind.GRANT: (Account.PROGRAMME, Account.SPENDABLE),
    MovementKind.HOLD: (Account.SPENDABLE, Account.HELD),
    MovementKind.CAPTURE: (Account.HELD, Account.PARTNER),
    MovementKind.RELEASE: (Account.HELD, Account.SPENDABLE),
    MovementKind.REFUND: (Account.PARTNER, Account.SPENDABLE),
    MovementKind.EXPIRE: (Account.SPENDABLE, Account.PROGRAMME),
}


@dataclass(frozen=True, slots=True)
class Movement:
    """A sum that moves; `occasion` says what for, and each kind moves once per occasion.

    The occasion is the enrolment, or for a grant its scheme or its batch and row.
    """

    kind: MovementKind
    learner: LearnerId
    amount: int
    occasion: str
    enrolment: EnrolmentId | None = None

    @property
    def id(self) -> str:
        """What makes posting it twice impossible."""
        return f"{self.kind.lower()}:{self.occasion}"


def movement_of(
    kind: MovementKind, learner: LearnerId, enrolment: EnrolmentId, amount: int
) -> Movement:
    """Return the one movement of `kind` that an enrolment can cause."""
    return Movement(kind, learner, amount, occasion=enrolment, enrolment=enrolment)


def post(connection: Connection, movement: Movement, at: datetime) -> None:
    """Write a movement's two rows; nothing for a sum of zero.  Posting twice is refused."""
    post_all(connection, [(movement, at)])


def post_all(connection: Connection, movements: Iterable[tuple[Movement, datetime]]) -> None:
    """Write the rows of movements in one statement: together they sum to zero, as each does."""
    rows = [row for movement, at in movements for row in to_rows(movement, at)]
    insert_all(connection, entry, rows)


def to_rows(movement: Movement, at: datetime) -> list[dict[str, Any]]:
    """Return a movement's two rows; none for a sum of zero.  Raises `ValueError` below it."""
    if movement.amount == 0:
        return []
    if movement.amount < 0:
        raise ValueError(f"{movement.id}: a sum that moves is positive, not {movement.amount}")
    source, target = FLOWS[movement.kind]
    shared = {
        "movement": movement.id,
        "kind": movement.kind,
        "learner_id": movement.learner,
        "enrolment_id": movement.enrolment,
        "at": at,
    }
    return [
        {**shared, "account": source, "amount": -movement.amount},
        {**shared, "account": target, "amount": movement.amount},
    ]


def read_balance(connection: Connection, learner_id: LearnerId) -> int:
    """Return what a learner can still spend, in rupiah; nothing for unknown ones."""
    kept = select(learner.c.spendable).where(learner.c.id == learner_id)
    return int(connection.scalar(kept) or 0)
