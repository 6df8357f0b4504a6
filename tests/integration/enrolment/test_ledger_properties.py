"""Whatever happens in whatever order: money is never lost, made, or spent twice."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from adapters.base import ReceiptStatus
from gateway.enrolment.audit.sealer import seal
from gateway.enrolment.audit.verifying import verify
from gateway.enrolment.ledger import is_live
from gateway.storage.engine import Database, database_url
from gateway.storage.ledger_tables import enrolment, entry, learner
from gateway.storage.migrate import upgrade
from tests.integration.enrolment.builders import (
    Programme,
    answers,
    books_and_drops_the_line,
    drops_the_line,
    is_unavailable,
)

T = TypeVar("T")

ACTS = [*map(answers, ReceiptStatus), is_unavailable, drops_the_line, books_and_drops_the_line]
LEARNERS = st.sampled_from(["siti", "budi"])
COURSES = st.sampled_from(["barista", "desain", "excel"])
PRICES = st.sampled_from([0, 350_000, 1_500_000, 2_000_000, 3_500_000, 3_500_001])


@pytest.fixture(scope="module")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite ledger to copy: migrating for each example would take too long."""
    folder = tmp_path_factory.mktemp("empty")
    database = Database(database_url(None, folder, "ledger"), "ledger")
    upgrade(database)
    database.close()
    return folder


class LedgerMachine(RuleBasedStateMachine):
    """Learners enrol and the partner does as it likes, on a real ledger."""

    empty: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copytree(self.empty, self.folder, dirs_exist_ok=True)
        self.programme = Programme(Database(database_url(None, self.folder, "ledger"), "ledger"))
        self.loop = asyncio.Runner()
        self.keys = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run(work)

    @rule(learner=LEARNERS, course=COURSES, price=PRICES, again=st.booleans())
    def enrol(self, learner: str, course: str, price: int, again: bool) -> None:
        self.keys += 0 if again else 1
        offering = self.programme.shelf.put(f"{course}-{price}", price=price, course=course)
        self.run(self.programme.enrol(offering, key=f"key-{self.keys}", learner=learner))

    @rule(act=st.sampled_from(ACTS))
    def deliver(self, act) -> None:
        self.programme.partner.acts = [act]
        self.run(self.programme.courier.deliver_due())

    @rule(status=st.sampled_from(list(ReceiptStatus)))
    def the_partner_changes_its_mind(self, status: ReceiptStatus) -> None:
        partner = self.programme.partner
        partner.booked = {
            reference: type(receipt)(reference, status)
            for reference, receipt in partner.booked.items()
        }

    @rule(is_down=st.booleans())
    def the_partner_goes_down_or_comes_back(self, is_down: bool) -> None:
        self.programme.partner.is_down = is_down

    @rule(minutes=st.sampled_from([1, 30]))
    def time_passes(self, minutes: int) -> None:
        self.programme.clock.advance(minutes=minutes)

    @invariant()
    def every_movement_sums_to_zero(self) -> None:
        unbalanced = (
            select(entry.c.movement)
            .group_by(entry.c.movement)
            .having(func.sum(entry.c.amount) != 0)
        )

        assert self.rows(unbalanced) == []

    @invariant()
    def no_learner_spends_or_holds_less_than_nothing(self) -> None:
        balances = (
            select(entry.c.learner_id, entry.c.account, func.sum(entry.c.amount))
            .where(entry.c.account != "PROGRAMME")
            .group_by(entry.c.learner_id, entry.c.account)
        )

        assert [row for row in self.rows(balances) if row[2] < 0] == []

    @invariant()
    def what_is_kept_beside_a_learner_is_the_sum_of_their_entries(self) -> None:
        sums = select(entry.c.learner_id, entry.c.account, func.sum(entry.c.amount))
        expected = {
            (who, account): int(amount)
            for who, account, amount in self.rows(
                sums.group_by(entry.c.learner_id, entry.c.account)
            )
            if amount and account != "PROGRAMME"
        }
        columns = (learner.c.id, learner.c.spendable, learner.c.held, learner.c.paid)
        kept = {
            (who, account): amount
            for who, *amounts in self.rows(select(*columns))
            for account, amount in zip(("SPENDABLE", "HELD", "PARTNER"), amounts, strict=True)
            if amount
        }

        assert kept == expected

    @rule(limit=st.integers(1, 5))
    def the_sealer_comes_by(self, limit: int) -> None:
        self.run(self.programme.database.write(lambda c: seal(c, limit)))

    @invariant()
    def the_audit_chain_verifies(self) -> None:
        assert self.run(self.programme.database.read(verify)).fault is None

    @invariant()
    def a_learner_is_on_a_course_once(self) -> None:
        twice = (
            select(enrolment.c.learner_id, enrolment.c.course_id)
            .where(is_live())
            .group_by(enrolment.c.learner_id, enrolment.c.course_id)
            .having(func.count() > 1)
        )

        assert self.rows(twice) == []

    @invariant()
    def money_is_where_the_statuses_say(self) -> None:
        waiting = {"RESERVED", "SUBMITTING", "IN_DOUBT", "PENDING_PARTNER", "WAITLISTED"}
        expected = {"HELD": 0, "PARTNER": 0}
        for status, price in self.rows(select(enrolment.c.status, enrolment.c.price)):
            expected["HELD"] += price * (status in {*waiting, "MANUAL_REVIEW"})
            expected["PARTNER"] += price * (status == "CONFIRMED")

        accounts = self.run(self.programme.accounts())
        assert {name: accounts.get(name, 0) for name in expected} == expected

    def rows(self, question: Any) -> list[Any]:
        return self.run(
            self.programme.database.read(lambda c: [tuple(row) for row in c.execute(question)])
        )

    def teardown(self) -> None:
        self.loop.close()
        self.programme.database.close()
        shutil.rmtree(self.folder)


@pytest.fixture
def ledger_machine(empty_ledger: Path) -> Iterator[type[LedgerMachine]]:
    """The machine, with a ledger to start from."""
    LedgerMachine.empty = empty_ledger
    yield LedgerMachine
    del LedgerMachine.empty


def test_the_ledger_holds_whatever_happens(ledger_machine: type[LedgerMachine]):
    run_state_machine_as_test(
        ledger_machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
