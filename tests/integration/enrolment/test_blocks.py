"""Central blocks in the ledger: new enrolments are refused, on both engines."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.enrolment.blocks import BlockRegister
from schema.model.blocks import EVERY_BUNDLE, BlockErrorCode, BlockScope, BlockWish
from schema.model.enrolment import EnrolErrorCode
from tests.integration.enrolment.builders import PARTNER, Programme, codes

pytestmark = pytest.mark.anyio
LETTER = "S-148/Dir-Eks/06/2020"
OUR_PARTNER = BlockWish(BlockScope.PARTNER, PARTNER, "under review", LETTER)


@pytest.fixture
def register(programme: Programme) -> BlockRegister:
    return BlockRegister(programme.database, programme.clock)


async def test_a_blocked_course_is_refused_with_reason_and_letter(
    programme: Programme, register: BlockRegister
):
    offering = programme.shelf.put("barista")
    await register.block(OUR_PARTNER, "rina")

    outcome = await programme.enrol(offering)

    assert codes(outcome) == [EnrolErrorCode.COURSE_BLOCKED]
    assert "under review" in outcome.refusals[0].message
    assert LETTER in outcome.refusals[0].message
    assert outcome.enrolment is None


@pytest.mark.parametrize(
    ("scope", "value", "is_refused"),
    [
        (BlockScope.COURSE, "course-barista", True),
        (BlockScope.COURSE, "course-other", False),
        (BlockScope.PARTNER, "pintaria", False),
        (BlockScope.DELIVERY_MODE, "UNKNOWN", True),
        (BlockScope.BUNDLE, EVERY_BUNDLE, False),
    ],
)
async def test_a_block_refuses_what_it_names(
    programme: Programme, register: BlockRegister, scope, value, *, is_refused
):
    await register.block(BlockWish(scope, value, "why", LETTER), "rina")

    outcome = await programme.enrol(programme.shelf.put("barista"))

    assert (codes(outcome) == [EnrolErrorCode.COURSE_BLOCKED]) is is_refused


async def test_existing_enrolments_are_untouched(programme: Programme, register: BlockRegister):
    offering = programme.shelf.put("barista")
    enrolled = (await programme.enrol(offering)).enrolment
    await register.block(OUR_PARTNER, "rina")

    await programme.courier.deliver_due()

    assert (await programme.statuses(enrolled.id))[-1] == "CONFIRMED"


async def test_the_answer_to_an_old_key_stays(programme: Programme, register: BlockRegister):
    offering = programme.shelf.put("barista")
    first = await programme.enrol(offering)
    await register.block(OUR_PARTNER, "rina")

    again = await programme.enrol(offering)

    assert again.enrolment == first.enrolment
    assert again.refusals == ()


async def test_a_lifted_block_refuses_no_more(programme: Programme, register: BlockRegister):
    offering = programme.shelf.put("barista")
    block = (await register.block(OUR_PARTNER, "rina")).block
    await programme.enrol(offering)

    lifted = (await register.lift(block.id, "reviewed", "dewi")).block

    assert codes(await programme.enrol(offering, key="key-2")) == []
    assert (lifted.lifted_by, lifted.lift_reason) == ("dewi", "reviewed")
    assert await register.read_blocks(active=False) == [lifted]
    assert await register.read_blocks(active=True) == []


async def test_a_block_begins_at_its_time(programme: Programme, register: BlockRegister):
    offering = programme.shelf.put("barista")
    later = programme.clock() + timedelta(hours=1)
    wish = BlockWish(BlockScope.PARTNER, PARTNER, "why", LETTER, later)
    await register.block(wish, "rina")
    before = await programme.enrol(offering, learner="siti")
    programme.clock.advance(hours=1)

    after = await programme.enrol(offering, learner="budi")

    assert codes(before) == []
    assert codes(after) == [EnrolErrorCode.COURSE_BLOCKED]


async def test_the_same_block_again_is_the_same(programme: Programme, register: BlockRegister):
    found = await asyncio.gather(*(register.block(OUR_PARTNER, "rina") for _ in range(5)))
    lifted = await register.lift(found[0].block.id, "reviewed", "rina")
    lifted_again = await register.lift(found[0].block.id, "once more", "dewi")

    renewed = await register.block(OUR_PARTNER, "rina")

    assert len({each.block.id for each in found}) == 1
    assert lifted_again == lifted
    assert renewed.block.id != found[0].block.id
    assert await register.read_number() == 3


async def test_there_is_nothing_to_lift(register: BlockRegister):
    outcome = await register.lift(7, "why", "rina")

    assert [refusal.code for refusal in outcome.refusals] == [BlockErrorCode.NOT_FOUND]


async def test_a_block_stands_though_nobody_can_be_told(programme: Programme):
    async def fails() -> None:
        raise RuntimeError("the catalogue is busy")

    register = BlockRegister(programme.database, programme.clock, fails)
    await register.block(OUR_PARTNER, "rina")

    outcome = await programme.enrol(programme.shelf.put("barista"))

    assert codes(outcome) == [EnrolErrorCode.COURSE_BLOCKED]


async def test_nobody_gets_in_after_a_block_is_answered(
    programme: Programme, register: BlockRegister
):
    offering = programme.shelf.put("barista")
    await programme.balance("siti")
    answered = asyncio.Event()

    async def block() -> None:
        await register.block(OUR_PARTNER, "rina")
        answered.set()

    async def enrol(learner: str) -> tuple[bool, bool]:
        was_answered = answered.is_set()
        outcome = await programme.enrol(offering, learner=learner)
        return was_answered, outcome.enrolment is not None

    blocking = asyncio.create_task(block())
    found = await asyncio.gather(*(enrol(f"learner-{n}") for n in range(10)))
    await blocking
    late = await asyncio.gather(*(enrol(f"late-{n}") for n in range(10)))

    assert (True, True) not in [*found, *late]
    assert not any(is_in for _, is_in in late)


async def test_a_block_on_a_course_that_was_merged_away_holds(
    programme: Programme, register: BlockRegister
):
    offering = programme.shelf.put("barista")
    fact = programme.shelf.facts[offering.id]
    programme.shelf.facts[offering.id] = replace(fact, former_ids=("course-old",))
    await register.block(BlockWish(BlockScope.COURSE, "course-old", "why", LETTER), "rina")

    assert codes(await programme.enrol(offering)) == [EnrolErrorCode.COURSE_BLOCKED]
