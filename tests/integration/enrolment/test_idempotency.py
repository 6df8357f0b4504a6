"""One key, one outcome: in one process or several, in parallel or a month later."""

import asyncio
from collections.abc import Iterator
from itertools import cycle

import pytest
from sqlalchemy import func, insert, select

from gateway.enrolment import keys
from gateway.enrolment.in_flight import Turns
from gateway.enrolment.learners import DevelopmentLearners
from gateway.enrolment.policy import IDEMPOTENCY_CONFLICT, IN_PROGRESS
from gateway.enrolment.service import EnrolmentService
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, entry, idempotency_key, outbox
from schema.ids import NodeKind, to_global_id
from schema.model.enrolment import EnrolErrorCode, EnrolOutcome, EnrolRequest, Refusal, RuleValue
from schema.model.values import LearnerId
from tests.integration.enrolment.builders import (
    GRANT,
    PRICE,
    SITI,
    Programme,
    codes,
    several_at_a_time,
)
from tests.unit.schema.api import Api, a_learner

pytestmark = pytest.mark.anyio
CODE = EnrolErrorCode
ENROL = """mutation ($input: EnrolInput!) {
  enrol(input: $input) { enrolment { id } userErrors { code rule values { name value } } }
}"""


async def count(programme: Programme, *tables) -> list[int]:
    def ask(connection):
        questions = (select(func.count()).select_from(table) for table in tables)
        return [connection.execute(question).scalar_one() for question in questions]

    return await programme.database.read(ask)


@pytest.fixture
def services(programme: Programme) -> Iterator[list[EnrolmentService]]:
    """Two services that share nothing but the ledger, as two processes do."""
    url = programme.database.engine.url.render_as_string(hide_password=False)
    other = Database(url, "ledger")
    rules = several_at_a_time()
    learners = DevelopmentLearners(other, programme.clock, rules)
    beside = EnrolmentService(other, programme.shelf, learners, now=programme.clock, rules=rules)
    yield [programme.service, beside]
    other.close()


async def test_fifty_parallel_calls_to_two_processes_make_one_enrolment(
    programme: Programme, services: list[EnrolmentService]
):
    offering = programme.shelf.put("barista")
    request = EnrolRequest(SITI, offering.id, None, "key-1")

    outcomes = await asyncio.gather(
        *(service.enrol(request) for service, _ in zip(cycle(services), range(50), strict=False))
    )

    assert len(set(outcomes)) == 1
    assert outcomes[0].enrolment is not None
    assert await count(programme, enrolment, idempotency_key, outbox) == [1, 1, 1]
    assert await programme.balance() == GRANT - PRICE


async def test_one_key_with_two_inputs_at_once_stands_for_one_of_them(
    programme: Programme, services: list[EnrolmentService]
):
    offerings = [programme.shelf.put("barista"), programme.shelf.put("desain")]
    requests = [EnrolRequest(SITI, offering.id, None, "key-1") for offering in offerings]

    outcomes = await asyncio.gather(
        *(service.enrol(request) for service in services for request in requests * 5)
    )

    conflicts = [outcome for outcome in outcomes if codes(outcome) == [CODE.IDEMPOTENCY_CONFLICT]]
    accepted = [outcome for outcome in outcomes if not outcome.refusals]
    assert (len(conflicts), len(accepted)) == (10, 10)
    assert {outcome.enrolment for outcome in conflicts} == {None}
    assert await count(programme, enrolment, idempotency_key, outbox) == [1, 1, 1]


async def test_parallel_keys_for_one_course_in_two_processes_point_at_one_enrolment(
    programme: Programme, services: list[EnrolmentService]
):
    offering = programme.shelf.put("barista")

    outcomes = await asyncio.gather(
        *(
            service.enrol(EnrolRequest(SITI, offering.id, None, f"key-{name}-{number}"))
            for name, service in enumerate(services)
            for number in range(10)
        )
    )

    refused = [outcome for outcome in outcomes if outcome.refusals]
    assert {codes(outcome)[0] for outcome in refused} == {CODE.ALREADY_ENROLLED}
    assert len(refused) == 19
    assert len({outcome.enrolment.id for outcome in outcomes if outcome.enrolment}) == 1
    assert all(outcome.enrolment for outcome in outcomes)
    assert await count(programme, enrolment) == [1]


async def test_a_key_of_another_learner_neither_conflicts_nor_tells(programme: Programme):
    mine = await programme.enrol(programme.shelf.put("barista"), learner="siti")

    theirs = await programme.enrol(programme.shelf.put("desain"), learner="budi")
    dear = await programme.enrol(programme.shelf.put("mahal", price=GRANT + 1), learner="dewi")

    assert theirs.refusals == ()
    assert theirs.enrolment is not None
    assert mine.enrolment is not None
    assert theirs.enrolment.learner == "budi"
    assert codes(dear) == [CODE.BALANCE_TOO_LOW]
    assert dear.enrolment is None


@pytest.mark.parametrize(
    "key", [None, "", "k" * 300, "nul\u0000", "line\nend", "\u001b[31m", "\u200b"]
)
async def test_a_key_that_cannot_be_kept_writes_nothing(programme: Programme, key: str | None):
    api = Api()
    api.enrolments = programme.service
    offering = programme.shelf.put("barista")
    wish = {"offeringId": to_global_id(NodeKind.OFFERING, offering.id), "idempotencyKey": key}
    wish = {name: value for name, value in wish.items() if value is not None}

    result = await api.execute(ENROL, a_learner("siti"), input=wish)

    (error,) = result.errors or []
    assert key is None or error.extensions == {"code": "BAD_USER_INPUT"}
    assert "idempotencyKey" in error.message
    assert result.data is None
    assert await count(programme, enrolment, idempotency_key, entry) == [0, 0, 0]


async def test_an_id_that_names_nothing_conflicts_with_what_the_key_stands_for(
    programme: Programme,
):
    api = Api()
    api.enrolments = programme.service
    wish = {"offeringId": "garbage", "idempotencyKey": "key-1"}
    first = await api.ask(ENROL, a_learner("siti"), input=wish)
    offering = programme.shelf.put("barista")

    mended = wish | {"offeringId": to_global_id(NodeKind.OFFERING, offering.id)}
    second = await api.ask(ENROL, a_learner("siti"), input=mended)

    assert [each["code"] for each in first["enrol"]["userErrors"]] == ["NOT_FOUND"]
    assert [each["code"] for each in second["enrol"]["userErrors"]] == ["IDEMPOTENCY_CONFLICT"]


async def test_a_kept_refusal_keeps_its_rule_and_values(programme: Programme):
    offering = programme.shelf.put("barista", price=GRANT + 1)
    refused = await programme.enrol(offering)

    again = await programme.enrol(offering)

    assert again == refused
    assert [each.rule for each in again.refusals] == ["balance"]
    assert again.refusals[0].values == (
        RuleValue("price", str(GRANT + 1)),
        RuleValue("balance", str(GRANT)),
    )


async def test_a_refusal_from_before_rules_were_named_is_still_read(programme: Programme):
    offering = programme.shelf.put("barista")
    await programme.balance()
    use = keys.use_by(EnrolRequest(SITI, offering.id, None, "key-1"))
    old = {"code": "COURSE_FULL", "message": "full", "field": ["sessionId"]}
    row = {
        "learner_id": use.learner,
        "mutation": use.mutation,
        "key": use.key,
        "input_hash": use.input_hash,
        "refusals": [old],
        "created_at": programme.clock(),
    }
    await programme.database.write(lambda c: c.execute(insert(idempotency_key).values(row)))

    outcome = await programme.enrol(offering)

    assert outcome.refusals == (Refusal(CODE.COURSE_FULL, "full", ("sessionId",)),)


async def test_a_key_is_forgotten_after_thirty_days(programme: Programme):
    offering, other = programme.shelf.put("barista"), programme.shelf.put("desain")
    first = await programme.enrol(offering)
    programme.clock.advance(days=29, hours=23)
    at_the_end = await programme.enrol(offering)
    programme.clock.advance(hours=1)

    afterwards = await programme.enrol(other)
    again = await programme.enrol(other)

    assert at_the_end == first
    assert codes(afterwards) == []
    assert afterwards.enrolment != first.enrolment
    assert again == afterwards


async def test_pruning_drops_only_what_is_forgotten(programme: Programme):
    offering = programme.shelf.put("barista")
    for number in range(3):
        await programme.enrol(offering, f"old-{number}")
    programme.clock.advance(days=30)
    await programme.enrol(offering, "new")

    gone = await programme.service.prune_keys()

    assert gone == 3
    assert await programme.database.read(
        lambda c: c.execute(select(idempotency_key.c.key)).scalars().all()
    ) == ["new"]


@pytest.mark.parametrize("code", sorted(keys.NOT_NOW))
async def test_what_only_says_not_now_is_not_kept(programme: Programme, code: EnrolErrorCode):
    await programme.balance()
    use = keys.use_of(SITI, "cancelEnrolment", "key-1", ["enrolment-1"])
    outcome = EnrolOutcome(None, (Refusal(code, "not now"),))

    await programme.database.write(lambda c: keys.record(c, use, outcome, programme.clock()))

    assert await count(programme, idempotency_key) == [0]


async def test_each_mutation_has_keys_of_its_own(programme: Programme):
    enrolled = await programme.enrol(programme.shelf.put("barista"), "key-1")
    use = keys.use_of(SITI, "cancelEnrolment", "key-1", ["enrolment-1"])
    outcome = EnrolOutcome(enrolled.enrolment, (Refusal(CODE.NOT_CANCELLABLE, "too late"),))

    def read(use: keys.KeyUse):
        return programme.database.read(lambda c: keys.read_outcome(c, use, programme.clock()))

    before = await read(use)
    await programme.database.write(lambda c: keys.record(c, use, outcome, programme.clock()))
    other_input = keys.use_of(SITI, "cancelEnrolment", "key-1", ["enrolment-2"])

    assert before is None
    assert await read(use) == outcome
    assert await read(other_input) == EnrolOutcome(None, (IDEMPOTENCY_CONFLICT,))


async def test_a_duplicate_in_flight_is_in_progress_when_its_patience_ends(programme: Programme):
    offering = programme.shelf.put("barista")
    programme.service._turns = Turns(patience_seconds=0.01)
    use = keys.use_by(EnrolRequest(LearnerId(SITI), offering.id, None, "key-1"))

    async with programme.service._turns.turn((use.learner, use.mutation, use.key)):
        duplicate = await programme.enrol(offering, "key-1")
        other_key = await programme.enrol(programme.shelf.put("desain"), "key-2")
    afterwards = await programme.enrol(offering, "key-1")

    assert duplicate == EnrolOutcome(None, (IN_PROGRESS,))
    assert other_key.refusals == afterwards.refusals == ()
