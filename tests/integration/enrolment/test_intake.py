"""Learners and grants come in row by row, on both engines."""

import asyncio
from datetime import date

import pytest

from gateway.enrolment.intake.register import CONTACTS_LEFT_OUT, NATIONAL_IDS_UNCHECKED
from gateway.storage.engine import Database
from schema.model.learners import ImportOutcome
from tests.integration.enrolment.learners import (
    NATIONAL_ID,
    Desk,
    keyrings,
    row,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(ledger_db: Database) -> Desk:
    return Desk(ledger_db, keyrings(1))


def reasons(outcome) -> list[tuple[int, str]]:
    return [(each.number, each.reason) for each in outcome.rejected]


async def test_learners_come_in_and_again_change_nothing(desk: Desk):
    rows = [row(2), row(3, reference="budi", education="Ya", birth_date="", consents="contact")]

    first, again = await desk.bring(*rows), await desk.bring(*rows)

    assert first == ImportOutcome(imported=2)
    assert again == ImportOutcome(unchanged=2)
    budi, siti = await desk.learners()
    assert (budi.id, budi.in_formal_education, budi.birth_date) == ("budi", True, None)
    assert (siti.scheme, siti.announced_on) == ("2024", date(2024, 2, 28))
    assert siti.birth_date == date(1994, 2, 5)
    assert ("LEARNERS_IMPORTED", "rows 2 to 3", "rina") in await desk.acts()
    assert len(await desk.acts()) == 2  # that, and the consent


async def test_a_bad_row_costs_itself_alone(desk: Desk):
    outcome = await desk.bring(
        row(2, reference=""),
        row(3, scheme=" "),
        row(4, announced="28-02-2024"),
        row(5, announced=""),
        row(6, birth_date="2024-02-30"),
        row(7, education="perhaps"),
        row(8, national_id="123"),
        row(9, reference=NATIONAL_ID),
        row(10, phone="0812\x00"),
        row(11, consents="A Name"),
        row(12),
    )

    assert (outcome.imported, [number for number, _ in reasons(outcome)]) == (1, list(range(2, 12)))
    assert [one.id for one in await desk.learners()] == ["siti"]


async def test_what_a_row_tells_otherwise_is_updated(desk: Desk):
    await desk.bring(row(2, phone="0812"))

    told = [
        await desk.bring(row(2, phone="0812", scheme="2023")),
        await desk.bring(row(2, phone="0813", scheme="2023")),
        await desk.bring(row(2, phone="0813", scheme="2023", national_id=NATIONAL_ID)),
        await desk.bring(row(2, scheme="2023", consents="contact|news")),
        await desk.bring(row(2, scheme="2023", consents="contact")),
    ]

    assert [each.updated for each in told] == [1, 1, 1, 1, 0]


async def test_the_last_row_of_a_learner_counts(desk: Desk):
    outcome = await desk.bring(row(2), row(3, scheme="2023"), row(4, scheme="2023"))

    assert (outcome.imported, outcome.updated, outcome.unchanged) == (1, 1, 1)
    assert [one.scheme for one in await desk.learners()] == ["2023"]


async def test_who_comes_twice_is_left_out(desk: Desk):
    await desk.bring(row(2, national_id="3174 0145 0294 0001"))

    later = await desk.bring(row(2, reference="budi", national_id=NATIONAL_ID))
    within = await desk.bring(
        row(2, reference="ani", national_id="3174014502940002"),
        row(3, reference="ayu", national_id="3174014502940002"),
    )
    own = await desk.bring(row(2, national_id=NATIONAL_ID))

    assert reasons(later) == [(2, "another learner has this national id")]
    assert reasons(within) == [(3, "another learner has this national id")]
    assert own.unchanged == 1
    assert [one.id for one in await desk.learners()] == ["ani", "siti"]


async def test_of_two_who_come_at_once_one_is_first(desk: Desk):
    outcomes = await asyncio.gather(
        *(desk.bring(row(2, reference=f"l{n}", national_id=NATIONAL_ID)) for n in range(6))
    )

    assert sum(outcome.imported for outcome in outcomes) == 1
    assert sum(len(outcome.rejected) for outcome in outcomes) == 5


async def test_a_corrected_national_id_frees_the_old_one(desk: Desk):
    await desk.bring(row(2, national_id=NATIONAL_ID))
    await desk.bring(row(2, national_id="3174014502940002"))

    outcome = await desk.bring(row(2, reference="budi", national_id=NATIONAL_ID))

    assert outcome.imported == 1


async def test_without_keys_it_is_said_what_is_not_done(desk: Desk):
    desk.with_keys(type(keyrings(1))())

    outcome = await desk.bring(row(2, national_id=NATIONAL_ID, email="siti@example.id"))
    other = await desk.bring(row(2, reference="budi", national_id=NATIONAL_ID))

    assert (outcome.imported, other.imported) == (1, 1)
    assert outcome.notes == (NATIONAL_IDS_UNCHECKED, CONTACTS_LEFT_OUT)
