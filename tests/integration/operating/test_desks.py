"""Operators' desks: what is done is in the audit trail first, with its reason."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from gateway.catalogue.partner_orders import PartnerOrders
from gateway.enrolment.audit.records import Act
from gateway.operating import refusals
from gateway.operating.decisions import AuditedApprovals, ListDesk
from gateway.operating.partners import PartnerDesk
from gateway.operating.refusals import RefusalLog
from gateway.operating.trail import Trail
from gateway.partners.config import PartnerConfig
from gateway.storage.audit_tables import audit_record
from gateway.storage.engine import Database
from schema.model.blocks import Approval, Decision
from schema.model.catalogue import PartnerStatus
from schema.model.operating import ListVerdict, OrderErrorCode, PartnerCommand, PartnerOrder
from schema.model.values import FreshnessState, OfferingId, PartnerCode, PartnerHealth, PartnerState
from schema.model.viewer import Role, Viewer
from tests.catalogue import a_partner
from tests.databases import SqliteTemplates
from tests.unit.schema.fakes import FakeApprovals
from tests.unit.schema.held_fakes import FakeHeldSyncs

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
TOKO, PUSHER, GONE = PartnerCode("toko"), PartnerCode("pusher"), PartnerCode("gone")
PARTNER = Viewer(frozenset({Role.PARTNER}), subject="partner:toko", partner=TOKO)


@dataclass
class Office:
    """The desks over two real databases."""

    ledger: Database
    catalogue: Database
    configs: list[PartnerConfig] = field(
        default_factory=lambda: [a_partner(TOKO), a_partner(PUSHER, adapter="push"), _gone()]
    )

    def __post_init__(self) -> None:
        self.trail = Trail(self.ledger, lambda: NOW)
        self.orders = PartnerOrders(self.catalogue, lambda: NOW)
        self.partners = PartnerDesk(self.configs, self.orders, self.trail, self._stand)

    async def order(self, command: PartnerCommand, partner: PartnerCode = TOKO) -> list[str]:
        """Give an order; return the codes of its refusals."""
        outcome = await self.partners.order(PartnerOrder(partner, command, "audit of May", "rina"))
        return [refusal.code.value for refusal in outcome.refusals]

    async def records(self) -> list[tuple[str, str, str, dict[str, Any]]]:
        """Return what the audit trail says, oldest first."""
        rows = await self.ledger.read(lambda c: c.execute(select(audit_record)).all())
        return [(row.act, row.target, row.by, json.loads(row.details)) for row in rows]

    async def _stand(self, code: PartnerCode) -> PartnerStatus | None:
        partner = next(each.partner for each in self.configs if each.code == code)
        fresh: Any = FreshnessState.FRESH
        return PartnerStatus(partner, PartnerHealth.HEALTHY, fresh)


def _gone() -> PartnerConfig:
    config = a_partner(GONE)
    object.__setattr__(config.partner, "state", PartnerState.RETIRED)
    return config


@pytest.fixture(scope="module")
def databases(sqlite_templates: SqliteTemplates) -> Iterator[tuple[Database, Database]]:
    ledger, catalogue = sqlite_templates.open("ledger"), sqlite_templates.open("catalogue")
    yield ledger, catalogue
    ledger.close()
    catalogue.close()


@pytest.fixture
async def office(databases: tuple[Database, Database]) -> Office:
    ledger, catalogue = databases
    office = Office(ledger, catalogue)
    office.before = len(await office.records())  # type: ignore[attr-defined]  # of other tests
    await catalogue.write(lambda c: c.exec_driver_sql("DELETE FROM partner_order"))
    return office


async def news(office: Office) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Return what this test has written into the trail."""
    return (await office.records())[office.before :]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("command", "act"),
    [
        (PartnerCommand.SYNC, Act.SYNC_ASKED),
        (PartnerCommand.PAUSE, Act.PARTNER_PAUSED),
        (PartnerCommand.RESUME, Act.PARTNER_RESUMED),
    ],
)
async def test_an_order_is_in_the_trail_with_its_reason(office: Office, command, act):
    assert await office.order(command) == []

    assert await news(office) == [(act, "partner toko", "rina", {"reason": "audit of May"})]


async def test_a_paused_partner_is_not_read_even_by_order(office: Office):
    await office.order(PartnerCommand.PAUSE)

    assert await office.order(PartnerCommand.SYNC) == [OrderErrorCode.NOT_READ]
    await office.order(PartnerCommand.RESUME)
    assert await office.order(PartnerCommand.SYNC) == []


@pytest.mark.parametrize(
    ("command", "partner", "code"),
    [
        (PartnerCommand.SYNC, PUSHER, OrderErrorCode.NOT_READ),
        (PartnerCommand.PAUSE, GONE, OrderErrorCode.NOT_ACTIVE),
        (PartnerCommand.SYNC, PartnerCode("nobody"), OrderErrorCode.NOT_FOUND),
    ],
)
async def test_what_cannot_be_ordered_is_neither_done_nor_recorded(office, command, partner, code):
    assert await office.order(command, partner) == [code]

    assert await news(office) == []
    assert await office.orders.read_all() == {}


async def test_when_the_trail_cannot_be_written_nothing_is_done(office: Office, monkeypatch):
    async def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(office.trail, "note", broken)

    with pytest.raises(OSError, match="full"):
        await office.order(PartnerCommand.PAUSE)
    assert await office.orders.read_all() == {}


async def test_decisions_on_lists_and_offerings_are_in_the_trail(office: Office):
    lists = ListDesk(FakeHeldSyncs(), office.trail)
    approvals = AuditedApprovals(FakeApprovals(), office.trail)

    await lists.decide(ListVerdict(12, is_approval=False, reason="prices", by="rina"))
    revoked = Decision(Approval.REVOKED, "budi", "a letter", (OfferingId("o1"),))
    await approvals.decide(revoked)

    assert await news(office) == [
        (Act.LIST_REJECTED, "list of run 12", "rina", {"reason": "prices"}),
        (
            Act.APPROVALS_REVOKED,
            "offerings",
            "budi",
            {"reason": "a letter", "offerings": ["o1"], "count": 1},
        ),
    ]


async def test_the_trail_says_of_a_decision_that_it_was_refused(office: Office):
    lists = ListDesk(FakeHeldSyncs(), office.trail)

    await lists.decide(ListVerdict(99, is_approval=True, reason="prices", by="rina"))

    refused = {"of": Act.LIST_APPROVED, "codes": ["NOT_HELD"]}
    assert await news(office) == [
        (Act.LIST_APPROVED, "list of run 99", "rina", {"reason": "prices"}),
        (Act.NOT_CARRIED_OUT, "list of run 99", "rina", refused),
    ]


async def test_who_reaches_for_what_is_not_theirs_is_recorded_once_a_minute(office: Office):
    now = 0.0
    log = RefusalLog(office.trail, lambda: now)

    for _ in range(3):
        await log.note(PARTNER, "Query.blocks")
    await log.note(PARTNER, "Mutation.enrol")
    now += refusals.REPEAT_SECONDS
    await log.note(PARTNER, "Query.blocks")

    told = [(target, by, details) for _, target, by, details in await news(office)]
    details = {"roles": ["partner"]}
    assert told == [
        ("Query.blocks", "partner:toko", details),
        ("Mutation.enrol", "partner:toko", details),
        ("Query.blocks", "partner:toko", details),
    ]


async def test_nobody_fills_the_trail_with_refusals(office: Office, monkeypatch):
    monkeypatch.setattr(refusals, "MOST_IN_THAT", 5)
    log = RefusalLog(office.trail, lambda: 0.0)

    for number in range(20):
        await log.note(PARTNER, f"Query.field{number}")

    assert len(await news(office)) == 5
