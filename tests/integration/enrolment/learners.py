"""A learners' desk around a real ledger, and rows to bring to it."""

import base64
from typing import Any

from sqlalchemy import func, select

from gateway.enrolment.audit.sealer import seal
from gateway.enrolment.audit.verifying import verify
from gateway.enrolment.intake.desk import LearnerRegister
from gateway.enrolment.intake.register import Keyrings
from gateway.enrolment.privacy.keyring import Keyring, Purpose, load_keyring
from gateway.storage.audit_tables import audit_record
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import entry, learner
from schema.model.learners import RawRow
from tests.integration.enrolment.builders import Clock

NATIONAL_ID = "3174014502940001"
FINE = {
    "reference": "siti",
    "scheme": "2024",
    "announced": "2024-02-28",
    "birth_date": "1994-02-05",
    "education": "no",
}


def row(number: int = 2, **texts: str) -> RawRow:
    return RawRow(number, {**FINE, **texts})


def a_grant(number: int, reference: str = "siti", amount: str = "3500000") -> RawRow:
    return RawRow(number, {"reference": reference, "amount": amount})


def a_keyring(purpose: Purpose, *versions: int, salt: str = "k") -> Keyring:
    """Return versions of a key; another salt makes other keys of the same versions."""
    keys = (
        f"{version}:{base64.b64encode(f'{salt}{version}'.ljust(32).encode()).decode()}"
        for version in versions
    )
    keyring = load_keyring(purpose, " ".join(keys))
    assert keyring is not None
    return keyring


def keyrings(*versions: int, salt: str = "k") -> Keyrings:
    return Keyrings(
        a_keyring(Purpose.NATIONAL_IDS, *versions, salt=salt),
        a_keyring(Purpose.CONTACTS, *versions, salt=salt),
    )


class Desk:
    """The desk, and what the ledger says afterwards."""

    def __init__(self, database: Database, held: Keyrings | None = None) -> None:
        self.database = database
        self.clock = Clock()
        self.register = self.with_keys(held or Keyrings())

    def with_keys(self, held: Keyrings) -> LearnerRegister:
        self.register = LearnerRegister(self.database, held, self.clock)
        return self.register

    async def bring(self, *rows: RawRow) -> Any:
        return await self.register.import_learners(rows, "rina")

    async def post(self, batch: str, *rows: RawRow) -> Any:
        return await self.register.post_grants(batch, rows, "rina")

    async def learners(self) -> list[Any]:
        question = select(learner).order_by(learner.c.id)
        return await self.database.read(lambda c: list(c.execute(question)))

    async def spendable(self, reference: str = "siti") -> int:
        question = select(learner.c.spendable).where(learner.c.id == reference)
        return await self.database.read(lambda c: c.execute(question).scalar_one())

    async def acts(self) -> list[tuple[str, str, str]]:
        question = select(audit_record.c.act, audit_record.c.target, audit_record.c.by)
        ordered = question.order_by(audit_record.c.at, audit_record.c.act)
        return await self.database.read(lambda c: [tuple(r) for r in c.execute(ordered)])

    async def entries(self) -> int:
        question = select(func.count()).select_from(entry)
        return await self.database.read(lambda c: c.execute(question).scalar_one())

    async def audit_fault(self) -> str | None:
        while await self.database.write(seal):
            pass
        return (await self.database.read(verify)).fault
