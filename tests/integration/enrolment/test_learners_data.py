"""What is known of learners is sealed, read with consent, and forgotten, on both engines."""

# ruff: noqa: S608 - statements made of our own names

import asyncio
from datetime import date
from itertools import count
from typing import Any

import pytest

from gateway.enrolment.intake import desk as intake_desk
from gateway.enrolment.privacy import contacts
from gateway.enrolment.privacy.keyring import KeyringError
from gateway.storage.engine import Database
from schema.model.learners import ConsentDecision
from schema.model.values import LearnerId
from tests.integration.enrolment.builders import Programme
from tests.integration.enrolment.learners import (
    NATIONAL_ID,
    Desk,
    a_grant,
    keyrings,
    row,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(ledger_db: Database) -> Desk:
    return Desk(ledger_db, keyrings(1))


def reasons(outcome) -> list[tuple[int, str]]:
    return [(each.number, each.reason) for each in outcome.rejected]


async def test_versions_are_read_side_by_side(desk: Desk):
    await desk.bring(row(2, national_id=NATIONAL_ID))
    desk.with_keys(keyrings(1, 2))

    twice = await desk.bring(row(2, reference="budi", national_id=NATIONAL_ID))
    renewed = await desk.bring(row(2, national_id=NATIONAL_ID))
    desk.with_keys(keyrings(2))  # nobody needs the first any more
    still = await desk.bring(row(2, reference="ani", national_id=NATIONAL_ID))

    assert reasons(twice) == [(2, "another learner has this national id")]
    assert renewed.updated == 1
    assert reasons(still) == [(2, "another learner has this national id")]


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (keyrings(2), "version 1 is missing"),
        (keyrings(1, salt="other"), "version 1 is another key"),
        (type(keyrings(1))(), "version 1 is missing"),
    ],
    ids=["lost", "wrong", "none"],
)
async def test_a_lost_or_wrong_key_stops_what_needs_it(desk: Desk, held, says: str):
    await desk.bring(row(2, national_id=NATIONAL_ID, phone="0812"))
    desk.with_keys(held)

    outcome = await desk.bring(
        row(2, reference="budi", national_id="3174014502940002"),
        row(3, reference="ani", phone="0813"),
        row(4, reference="ayu"),
    )

    assert outcome.imported == 1
    (two, first), (three, second) = reasons(outcome)
    assert (two, three) == (2, 3)
    assert first.startswith(f"MITRA_NATIONAL_ID_KEYS: {says}")
    assert second.startswith(f"MITRA_CONTACT_KEYS: {says}")


async def test_contacts_are_read_with_consent_alone_and_it_is_recorded(desk: Desk):
    await desk.bring(row(2, name="Siti Aminah", phone="0812", consents="contact"))

    found = await desk.register.read_contact("siti", "dewi")
    await desk.register.decide_consent("siti", "contact", ConsentDecision.WITHDRAWN, "dewi")

    assert found is not None
    assert (found.name, found.email, found.phone) == ("Siti Aminah", "", "0812")
    assert "Siti" not in repr(found)
    assert ("CONTACT_READ", "learner:siti", "dewi") in await desk.acts()
    with pytest.raises(RuntimeError, match="has not agreed"):
        await desk.register.read_contact("siti", "dewi")


async def test_a_withdrawn_consent_is_not_given_again_by_a_row(desk: Desk):
    await desk.bring(row(2, consents="contact"))
    await desk.register.decide_consent("siti", "contact", ConsentDecision.WITHDRAWN, "siti")
    await desk.register.decide_consent("siti", "contact", ConsentDecision.WITHDRAWN, "siti")

    again = await desk.bring(row(2, consents="contact"))

    assert again.unchanged == 1
    told = await desk.register.read_consents("siti")
    assert [(each.decision, each.by) for each in told] == [("GIVEN", "rina"), ("WITHDRAWN", "siti")]


async def test_data_keys_move_to_the_newest_outside_key(desk: Desk):
    await desk.bring(
        *(row(n, reference=f"l{n}", phone=f"08{n}", consents="contact") for n in range(5))
    )
    desk.with_keys(keyrings(1, 2))

    moved, again = (
        await desk.register.rewrap_data_keys("rina"),
        await desk.register.rewrap_data_keys("rina"),
    )
    only_new = desk.with_keys(keyrings(2))

    assert (moved, again) == (5, 0)
    found = await only_new.read_contact("l3", "rina")
    assert found is not None
    assert found.phone == "083"


async def test_keys_move_while_learners_come_in_and_are_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(intake_desk, "REWRAPPED_AT_ONCE", 2)
    learners = [LearnerId(f"l{n}") for n in range(9)]
    rows = [row(2, reference=each, phone="08", consents="contact") for each in learners]
    await desk.bring(*rows)
    register = desk.with_keys(keyrings(1, 2))

    moved, *_ = await asyncio.gather(
        register.rewrap_data_keys("rina"),
        *(desk.bring(row(2, reference=each, phone="09")) for each in learners[:4]),
        *(register.read_contact(each, "dewi") for each in learners),
    )
    only_new = desk.with_keys(keyrings(2))
    found = [await only_new.read_contact(each, "rina") for each in learners]

    assert 5 <= moved <= 9  # who was brought meanwhile had the new key already
    assert [each.phone for each in found if each] == ["09"] * 4 + ["08"] * 5


async def test_moving_keys_goes_on_where_it_was_stopped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(intake_desk, "REWRAPPED_AT_ONCE", 2)
    await desk.bring(*(row(2, reference=f"l{n}", phone="08") for n in range(5)))
    register = desk.with_keys(keyrings(1, 2))
    rewrap, rounds = contacts.rewrap, count(1)

    def cut_off(*arguments: Any) -> int:
        if next(rounds) == 2:
            raise RuntimeError("cut off")
        return rewrap(*arguments)

    monkeypatch.setattr(contacts, "rewrap", cut_off)
    with pytest.raises(RuntimeError, match="cut off"):
        await register.rewrap_data_keys("rina")

    assert await register.rewrap_data_keys("rina") == 3


async def test_sealed_data_of_another_learner_does_not_open(desk: Desk):
    await desk.bring(
        row(2, phone="0812", consents="contact"),
        row(3, reference="budi", phone="0813", consents="contact"),
    )
    schema = "" if desk.database.is_sqlite else "ledger."
    for column in ("wrapped_key", "sealed"):
        copy = (
            f"UPDATE {schema}contact SET {column} = (SELECT {column} FROM {schema}contact "
            "WHERE learner_id = 'budi') WHERE learner_id = 'siti'"
        )
        await desk.database.write(lambda c, copy=copy: c.exec_driver_sql(copy))

        with pytest.raises(KeyringError):
            await desk.register.read_contact("siti", "rina")


async def test_who_is_forgotten_leaves_the_ledger_whole(programme: Programme):
    desk = Desk(programme.database, keyrings(1))
    who = row(2, scheme="2023", national_id=NATIONAL_ID, phone="0812", consents="contact")
    await desk.bring(who)
    await desk.post("w1", a_grant(2))
    offering = programme.shelf.put("barista")
    enrolled = (await programme.enrol(offering)).enrolment

    erased = await desk.register.erase("siti", "dewi")
    again = await desk.register.erase("siti", "dewi")
    unknown = await desk.register.erase("nobody", "dewi")
    await programme.courier.deliver_due()
    refused = await programme.enrol(programme.shelf.put("desain"), key="key-2")

    assert (erased.live_enrolments, again.erased_at, unknown.erased_at) == (
        1,
        erased.erased_at,
        None,
    )
    assert (await programme.statuses(enrolled.id))[-1] == "CONFIRMED"
    assert [each.code for each in refused.refusals] == ["NOT_ELIGIBLE"]
    assert (await desk.learners())[0].birth_date is None
    assert [each.decision for each in await desk.register.read_consents("siti")] == [
        "GIVEN",
        "WITHDRAWN",
    ]
    assert await desk.audit_fault() is None


async def test_who_was_forgotten_may_come_back(programme: Programme):
    desk = Desk(programme.database, keyrings(1))
    await desk.bring(row(2, national_id=NATIONAL_ID))
    await desk.post("w1", a_grant(2))
    await desk.register.erase("siti", "dewi")

    under_new_name = await desk.bring(row(2, reference="siti-2", national_id=NATIONAL_ID))
    under_old_name = await desk.bring(row(2, scheme="2023"))
    enrolled = await programme.enrol(programme.shelf.put("barista"))

    assert (under_new_name.imported, under_old_name.imported) == (1, 1)
    assert enrolled.refusals == ()
    assert (await desk.learners())[0].birth_date == date(1994, 2, 5)


async def test_nothing_of_an_erased_contact_is_left(desk: Desk):
    await desk.bring(row(2, phone="0812", consents="contact"))

    await desk.register.erase("siti", "dewi")

    await desk.bring(row(2))
    await desk.register.decide_consent("siti", "contact", ConsentDecision.GIVEN, "siti")
    assert await desk.register.read_contact("siti", "dewi") is None
