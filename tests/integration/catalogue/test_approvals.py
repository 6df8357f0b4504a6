"""What the programme has not approved is not shown, on both engines."""

from dataclasses import replace

import pytest

from gateway.catalogue.approvals import ApprovalDesk
from gateway.catalogue.follower import CatalogueFollower
from gateway.storage import catalogue_tables as tables
from schema.model.blocks import Approval, Decision
from schema.model.values import PartnerCode
from tests.catalogue import (
    NOON,
    PINTARIA,
    TOKOPEDIA,
    ScriptedPartner,
    a_partner,
    an_offering,
)
from tests.integration.catalogue.conftest import Workbench
from tests.integration.catalogue.on_sale import (
    BARISTA,
    DESAIN,
    EVERYTHING,
    MANUAL,
    PAKET,
    three_on_sale,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def partner(bench: Workbench) -> ScriptedPartner:
    return await three_on_sale(bench)


@pytest.fixture
def desk(bench: Workbench) -> ApprovalDesk:
    return ApprovalDesk(bench.database, bench.clock)


def approve(*offerings, partner: PartnerCode | None = None) -> Decision:
    ids = tuple(each.id for each in offerings)
    return Decision(Approval.APPROVED, "rina", "checked", ids, partner)


def revoke(*offerings) -> Decision:
    return Decision(Approval.REVOKED, "rina", "complaints", tuple(each.id for each in offerings))


async def test_new_offerings_wait_where_the_partners_file_says_so(
    bench: Workbench, desk: ApprovalDesk
):
    partner = ScriptedPartner([BARISTA, DESAIN])
    await bench.sync(partner, MANUAL)

    pending = await desk.read_pending(None, 1)

    assert await bench.live_titles() == set()
    assert (pending.total, len(pending.offerings)) == (2, 1)
    assert (await desk.read_pending(PINTARIA, 9)).total == 0
    assert (await bench.store.read_fact(BARISTA.id)).approved is False
    assert (await bench.store.read_catalogue()).courses[0].offerings == ()


async def test_an_approval_shows_it_and_is_kept(bench: Workbench, desk: ApprovalDesk):
    await bench.sync(ScriptedPartner([BARISTA, DESAIN]), MANUAL)

    changed = await desk.decide(approve(BARISTA))
    again = await desk.decide(approve(BARISTA))

    assert (changed, again) == (1, 0)
    assert await bench.live_titles() == {"Barista"}
    [row] = await bench.rows(tables.approval)
    assert (row["offering_id"], row["decided_by"], row["decided_at"]) == (
        BARISTA.id, "rina", bench.clock(),
    )  # fmt: skip
    assert [row["kind"] for row in await bench.rows(tables.change_log)] == ["ADDED"]


async def test_all_that_wait_at_a_partner_are_approved_together(
    bench: Workbench, desk: ApprovalDesk
):
    await bench.sync(ScriptedPartner([BARISTA, DESAIN]), MANUAL)
    await desk.decide(revoke(DESAIN))

    await desk.decide(approve(partner=TOKOPEDIA))

    assert await bench.live_titles() == {"Barista"}


async def test_an_approval_outlives_changes_and_withdrawal(bench: Workbench, desk: ApprovalDesk):
    more = [an_offering(str(n), f"Kursus {n}") for n in range(10, 19)]
    partner = ScriptedPartner([BARISTA, *more])
    await bench.sync(partner, MANUAL)
    await desk.decide(approve(partner=TOKOPEDIA))
    partner.lists([replace(BARISTA, price=None), *more])
    await bench.sync(partner, MANUAL)
    changed = await bench.live_titles()
    partner.lists(more)
    await bench.sync(partner, MANUAL)
    withdrawn = await bench.live_titles()
    partner.lists([BARISTA, *more])

    await bench.sync(partner, MANUAL)

    assert "Barista" in changed
    assert "Barista" not in withdrawn
    assert "Barista" in await bench.live_titles()


async def test_a_revoked_offering_stays_so_and_still_resolves(
    bench: Workbench, desk: ApprovalDesk, partner
):
    await desk.decide(revoke(PAKET))
    partner.lists([BARISTA, DESAIN, replace(PAKET, price=None)])
    await bench.sync(partner)
    follower = CatalogueFollower(bench.store, [a_partner()], bench.clock)
    await follower.refresh()

    assert await bench.live_titles() == {"Barista", "Desain"}
    assert follower.reader(NOON).course_of(PAKET.id).withdrawn
    assert (await desk.read_pending(None, 9)).total == 0


async def test_a_change_of_mode_leaves_what_stands(bench: Workbench, partner):
    partner.lists([BARISTA, DESAIN, PAKET, an_offering("4", "Baru")])

    await bench.sync(partner, MANUAL)

    assert await bench.live_titles() == EVERYTHING
