"""The programme's rules over a real ledger: what was bought, ended and rated decides."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, insert, select, update

from gateway.enrolment.learners import ImportedLearners
from gateway.enrolment.service import EnrolmentService
from gateway.storage.ledger_tables import LEDGER, enrolment, learner
from schema.model.catalogue import Offering
from schema.model.enrolment import EnrolErrorCode, EnrolOutcome, EnrolRequest, RuleState
from schema.model.values import LearnerId, OfferingId
from tests.integration.enrolment.builders import GRANT, SITI, Programme

pytestmark = pytest.mark.anyio
CODE = EnrolErrorCode


@pytest.fixture
def programme(strict_programme: Programme) -> Programme:
    return strict_programme


def refused(outcome: EnrolOutcome) -> list[tuple[EnrolErrorCode, str | None]]:
    return [(refusal.code, refusal.rule) for refusal in outcome.refusals]


async def change(programme: Programme, outcome: EnrolOutcome, **columns: object) -> None:
    """Let an enrolment be so, as the machinery after enrolling would have it."""
    assert outcome.enrolment is not None
    statement = update(enrolment).where(enrolment.c.id == outcome.enrolment.id).values(**columns)
    await programme.database.write(lambda c: c.execute(statement))


async def join(programme: Programme, name: str, **columns: object) -> None:
    """Make a learner known, as an import does."""
    row = {
        "id": name,
        "scheme": "2024",
        "announced_on": date(2024, 2, 28),
        "birth_date": date(1990, 1, 1),
        "in_formal_education": False,
        "provisioned_at": programme.clock(),
    }
    await programme.database.write(lambda c: c.execute(insert(learner).values(row | columns)))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2024, 3, 13, 16, 59, tzinfo=UTC), []),
        (datetime(2024, 3, 13, 17, 0, tzinfo=UTC), [(CODE.DEADLINE_PASSED, "first_purchase")]),
    ],
    ids=["the-last-minute-of-13-march-in-jakarta", "the-next"],
)
async def test_announced_on_28_february_2024(programme: Programme, now, expected):
    await join(programme, "ani")
    programme.clock.time = now

    outcome = await programme.enrol(programme.shelf.put("gratis", price=0), learner="ani")

    assert refused(outcome) == expected


async def test_the_next_course_waits_until_the_previous_is_completed_and_rated(
    programme: Programme,
):
    first, second = programme.shelf.put("barista"), programme.shelf.put("desain")
    enrolled = await programme.enrol(first, "key-1")
    await programme.courier.deliver_due()

    under_way = await programme.enrol(second, "key-2")
    await change(programme, enrolled, status="COMPLETED", completed_at=programme.clock())
    unrated = await programme.enrol(second, "key-3")
    await change(programme, enrolled, rated_at=programme.clock())
    rated = await programme.enrol(second, "key-4")

    assert refused(under_way) == [(CODE.PREVIOUS_COURSE_UNFINISHED, "one_at_a_time")]
    assert refused(unrated) == [(CODE.PREVIOUS_COURSE_UNFINISHED, "one_at_a_time")]
    assert refused(rated) == []


async def test_rated_on_1_march_2024_the_last_day_is_15_march(programme: Programme):
    await join(programme, "ani")
    programme.clock.time = datetime(2024, 3, 1, 3, tzinfo=UTC)
    enrolled = await programme.enrol(programme.shelf.put("gratis", price=0), learner="ani")
    now = programme.clock()
    await change(programme, enrolled, status="NOT_PASSED", completed_at=now, rated_at=now)
    other = programme.shelf.put("lain", price=0)
    request = EnrolRequest(LearnerId("ani"), other.id, None, "")

    async def first_refusal() -> str | None:
        found = await programme.service.read_verdicts(request)
        return next((each.rule for each in found if each.state is RuleState.REFUSED), None)

    programme.clock.time = datetime(2024, 3, 15, 16, 59, tzinfo=UTC)
    in_time = await first_refusal()
    programme.clock.advance(minutes=1)
    too_late = await first_refusal()

    assert (in_time, too_late) == (None, "next_purchase")


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"status": "CONFIRMED"}, CODE.ALREADY_ENROLLED),
        ({"status": "COMPLETED"}, CODE.ALREADY_ENROLLED),
        ({"status": "CANCELLED"}, CODE.CANCELLED_BEFORE),
        ({"status": "REJECTED"}, None),
        ({"status": "EXPIRED"}, None),
    ],
)
async def test_a_course_is_bought_once_also_under_the_id_that_it_had_before_a_merge(
    programme: Programme, columns, code
):
    enrolled = await programme.enrol(programme.shelf.put("barista", course="old"), "key-1")
    await change(programme, enrolled, **columns)
    elsewhere = programme.shelf.put("barista-2", course="new")
    fact = programme.shelf.facts[elsewhere.id]
    programme.shelf.facts[elsewhere.id] = replace(fact, former_ids=("old", "older"))

    outcome = await programme.enrol(elsewhere, "key-2")

    assert [refusal.code for refusal in outcome.refusals] == ([code] if code else [])
    if code is CODE.ALREADY_ENROLLED:
        assert outcome.enrolment is not None
        assert outcome.enrolment.id == enrolled.enrolment.id


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"scheme": "1999"}, [(CODE.NOT_ELIGIBLE, "participant")]),
        ({"birth_date": date(2007, 1, 1)}, [(CODE.NOT_ELIGIBLE, "age")]),
        ({"in_formal_education": True}, [(CODE.NOT_ELIGIBLE, "education")]),
        ({"birth_date": None}, []),
    ],
)
async def test_who_is_eligible(programme: Programme, columns, expected):
    programme.clock.time = datetime(2024, 3, 1, tzinfo=UTC)
    await join(programme, "ani", **columns)

    outcome = await programme.enrol(programme.shelf.put("gratis", price=0), learner="ani")

    assert refused(outcome) == expected


async def test_a_stranger_hears_first_what_everybody_would_hear(programme: Programme):
    service = EnrolmentService(
        programme.database,
        programme.shelf,
        ImportedLearners(programme.database),
        now=programme.clock,
    )
    sold = programme.shelf.put("barista", price=GRANT + 1)
    nowhere = EnrolRequest(SITI, OfferingId("nowhere"), None, "key-1")

    found = [await service.enrol(each) for each in (nowhere, replace(nowhere, offering_id=sold.id))]

    assert [refused(outcome) for outcome in found] == [
        [(CODE.NOT_FOUND, "offering_exists")],
        [(CODE.NOT_ELIGIBLE, "participant")],
    ]


async def rows(programme: Programme) -> dict[str, int]:
    def ask(connection):
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in LEDGER.sorted_tables
        }

    return await programme.database.read(ask)


async def test_a_dry_run_writes_nothing_and_agrees_with_enrolling(programme: Programme):
    await programme.enrol(programme.shelf.put("barista", price=1_000_000), "key-0")
    tried: list[Offering] = [
        programme.shelf.put("barista", price=1_000_000),
        programme.shelf.put("mahal", price=GRANT),
        programme.shelf.put("penuh", seats=0),
    ]
    before = await rows(programme)

    for offering in tried:
        session = offering.sessions[0].id if offering.sessions else None
        request = EnrolRequest(SITI, offering.id, session, "", 1)
        found = await programme.service.read_verdicts(request)
        refusing = [each for each in found if each.state is RuleState.REFUSED]
        assert await rows(programme) == before

        outcome = await programme.service.enrol(replace(request, idempotency_key=offering.key))
        assert [(each.code, each.rule, each.values) for each in outcome.refusals] == [
            (refusing[0].code, refusing[0].rule, refusing[0].values)
        ]
        assert len(refusing) >= 2
        before = await rows(programme)


async def test_a_dry_run_tells_the_dates_and_sums(programme: Programme):
    offering = programme.shelf.put("barista", seats=5)
    request = EnrolRequest(SITI, offering.id, offering.sessions[0].id, "")

    found = {each.rule: each for each in await programme.service.read_verdicts(request)}

    assert {each.state for each in found.values()} == {RuleState.KEPT}
    assert {value.name: value.value for value in found["balance"].values} == {
        "price": "350000",
        "balance": str(GRANT),
    }
    assert {value.name: value.value for value in found["seats"].values} == {
        "seatsLeft": "5",
        "seatsTaken": "0",
    }
    assert found["purchase_cut_off"].values[0].value == "2020-05-10"
