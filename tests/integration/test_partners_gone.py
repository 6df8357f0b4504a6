"""When every partner is gone: the catalogue answers, and enrolling says whether it can wait."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from adapters.errors import PartnerUnavailableError
from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.freshness import sells_for
from gateway.catalogue.store import CatalogueStore
from gateway.enrolment.courier import Courier
from gateway.enrolment.learners import DevelopmentLearners
from gateway.enrolment.service import EnrolmentService
from gateway.storage.engine import Database
from schema.model.enrolment import EnrolErrorCode, EnrolmentStatus, EnrolOutcome, EnrolRequest
from schema.model.values import FreshnessState, LearnerId, PartnerCode
from schema.ports import CourseQuery, Window
from tests.catalogue import ScriptedPartner, a_partner, an_offering
from tests.databases import SqliteTemplates
from tests.integration.catalogue.conftest import Workbench
from tests.integration.enrolment.builders import several_at_a_time

pytestmark = pytest.mark.anyio

PARTNERS = [a_partner(PartnerCode(f"partner_{number}")) for number in range(8)]
SOLD = [an_offering("1", f"Kursus {each.code}", partner=each.code) for each in PARTNERS]


class Gone:
    """Partners of which none can be reached."""

    async def __call__(self, code: PartnerCode, *_: object) -> None:
        raise PartnerUnavailableError(code, "refuses connections")

    enrol = find = cancel = __call__


@dataclass
class World:
    """A catalogue of eight partners, and a ledger."""

    bench: Workbench
    ledger: Database
    gone: Gone = field(default_factory=Gone)

    def __post_init__(self) -> None:
        clock, rules = self.bench.clock, several_at_a_time()
        configs = {each.code: each for each in PARTNERS}
        self.store = CatalogueStore(
            self.bench.database,
            sells_for=lambda code: sells_for(configs.get(code), timedelta(hours=24)),
        )
        self.follower = CatalogueFollower(self.store, PARTNERS, clock)
        learners = DevelopmentLearners(self.ledger, clock, rules)
        self.service = EnrolmentService(self.ledger, self.store, learners, now=clock, rules=rules)
        self.courier = Courier(self.ledger, self.gone, now=clock, holder="courier")

    async def enrol_everywhere(self, learner: str) -> list[EnrolOutcome]:
        """Have a learner enrol once at every partner."""
        wishes = [EnrolRequest(LearnerId(learner), each.id, None, each.partner) for each in SOLD]
        return [await self.service.enrol(wish) for wish in wishes]


@pytest.fixture
def world(sqlite_templates: SqliteTemplates) -> Iterator[World]:
    catalogue, ledger = sqlite_templates.open("catalogue"), sqlite_templates.open("ledger")
    yield World(Workbench(catalogue), ledger)
    catalogue.close()
    ledger.close()


async def test_the_catalogue_answers_and_each_wish_is_kept_or_told_to_come_later(world: World):
    bench = world.bench
    for config, offering in zip(PARTNERS, SOLD, strict=True):
        await bench.sync(ScriptedPartner([offering]), config)
    for config in PARTNERS:
        await bench.sync(world.gone, config)
    bench.clock.turn(hours=20)
    kept = await world.enrol_everywhere("siti")
    await world.courier.deliver_due()

    bench.clock.turn(hours=5)
    await world.follower.refresh()
    late = await world.enrol_everywhere("budi")
    again = await world.enrol_everywhere("siti")

    assert {each.enrolment.status for each in kept} == {EnrolmentStatus.RESERVED}
    codes = [[refusal.code for refusal in each.refusals] for each in late]
    assert codes == [[EnrolErrorCode.PARTNER_UNAVAILABLE]] * len(PARTNERS)
    assert [each.enrolment.id for each in again] == [each.enrolment.id for each in kept]
    assert world.follower.reader(bench.clock()).courses(
        CourseQuery(), Window(first=100)
    ).total == len(PARTNERS)
    told = [world.follower.directory.freshness(each.code) for each in PARTNERS]
    assert {each.state for each in told} == {FreshnessState.STALE}
    assert all("refuses connections" in (each.reason or "") for each in told)


async def test_a_partner_that_comes_back_takes_enrolments_at_once(world: World):
    partner = ScriptedPartner([SOLD[0]])
    await world.bench.sync(partner, PARTNERS[0])
    world.bench.clock.turn(hours=25)
    before = await world.service.enrol(EnrolRequest(LearnerId("siti"), SOLD[0].id, None, "key"))
    await world.bench.sync(partner, PARTNERS[0])

    after = await world.service.enrol(EnrolRequest(LearnerId("siti"), SOLD[0].id, None, "key"))

    assert [each.code for each in before.refusals] == [EnrolErrorCode.PARTNER_UNAVAILABLE]
    assert after.enrolment is not None  # the key was not used up by "not now"


def test_a_list_that_is_read_seldom_is_good_until_it_is_stale():
    weekly = a_partner(interval=timedelta(days=7))

    told = [sells_for(each, timedelta(hours=24)) for each in (PARTNERS[0], weekly, None)]

    assert told == [timedelta(hours=24), timedelta(days=14), timedelta(hours=24)]
