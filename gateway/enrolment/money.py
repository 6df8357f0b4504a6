"""Training money by double entry: movements between accounts, and the balances they make.

A movement takes from one account and gives to another, so its two rows sum to zero:

    GRANT    programme -> spendable      HOLD     spendable -> held
    EXPIRE   spendable -> programme      RELEASE  held -> spendable
    CAPTURE  held -> partner             REFUND   partner -> spendable
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, func, insert, select

from gateway.storage.ledger_tables import entry
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
    if movement.amount == 0:
        return
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
    rows = [
        {**shared, "account": source, "amount": -movement.amount},
        {**shared, "account": target, "amount": movement.amount},
    ]
    connection.execute(insert(entry), rows)


def read_balance(connection: Connection, learner: LearnerId) -> int:
    """Return what a learner can still spend, in rupiah."""
    total = select(func.coalesce(func.sum(entry.c.amount), 0)).where(
        entry.c.learner_id == learner, entry.c.account == Account.SPENDABLE
    )
    return int(connection.execute(total).scalar_one())
