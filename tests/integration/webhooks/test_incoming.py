"""What partners' webhooks say of enrolments: E10 of the list of faults, on both engines."""

import asyncio
from datetime import timedelta
from itertools import permutations

import pytest

from gateway.webhooks.messages import KEPT_FOR, MessageLog
from gateway.webhooks.partner_secrets import SecretError
from schema.model.values import PartnerCode
from tests.integration.enrolment.builders import PARTNER, PRICE
from tests.integration.enrolment.scripted import decides_later
from tests.integration.partner_api.partners import APPLICANT, BUKALAPAK
from tests.integration.webhooks.partners import Hooks
from tests.integration.webhooks.verdicts import S, pending

pytestmark = pytest.mark.anyio


async def test_a_signed_event_confirms_and_captures(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()

    assert await sender.tell(record.reference, redeem_code="ABC") == "applied"

    found = await hooks.programme.read(record)
    assert (found.status, found.redeem_code) == (S.CONFIRMED, "ABC")
    assert (await hooks.programme.accounts())["PARTNER"] == PRICE


async def test_a_replay_does_nothing(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()
    body = sender.an_event(record.reference)
    headers = sender.signed(body, "msg_1")

    told = [(await hooks.post(PARTNER, body, headers)).json()["status"] for _ in range(100)]

    assert told == ["applied"] + ["duplicate"] * 99
    assert (await hooks.programme.accounts())["PARTNER"] == PRICE


async def test_an_id_names_one_message_whatever_it_says_the_second_time(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()
    await sender.tell(record.reference, message_id="msg_1")

    assert await sender.tell(record.reference, "cancelled", message_id="msg_1") == "duplicate"
    assert (await hooks.programme.read(record)).status is S.CONFIRMED


async def test_the_same_id_of_two_partners_is_two_messages(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()
    other = await hooks.a_sender(BUKALAPAK.code)

    assert await other.tell("theirs", message_id="msg_1") == "parked"
    assert await sender.tell(record.reference, message_id="msg_1") == "applied"


async def test_parallel_repetitions_capture_once(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()
    body = sender.an_event(record.reference)
    headers = sender.signed(body)

    answers = await asyncio.gather(*(hooks.post(PARTNER, body, headers) for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}
    assert (await hooks.programme.accounts())["PARTNER"] == PRICE


async def test_any_order_leads_to_the_same_end(hooks: Hooks):
    kinds = [("confirmed", 1), ("redeemed", 2), ("completed", 3)]
    ends = set()
    for number, order in enumerate(permutations(kinds)):
        record, sender = await pending(hooks, f"course-{number}"), await hooks.a_sender()
        for kind, version in order:
            await sender.tell(record.reference, kind, version=version)
        ends.add((await hooks.programme.read(record)).status)

    assert ends == {S.COMPLETED}
    assert (await hooks.programme.accounts())["PARTNER"] == 6 * PRICE


async def test_what_comes_three_days_late_is_older(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()
    early = hooks.clock()
    hooks.clock.advance(days=3)
    await sender.tell(record.reference, "cancelled", version=2)

    assert await sender.tell(record.reference, "confirmed", version=1, at=early) == "older"
    assert (await hooks.programme.read(record)).status is S.CANCELLED


async def test_what_is_unknown_is_parked_until_it_is_known(hooks: Hooks):
    sender = await hooks.a_sender()
    programme = hooks.programme
    programme.partner.acts = [decides_later]
    record = (await programme.enrol(programme.shelf.put("barista"))).enrolment

    assert await sender.tell(record.reference) == "parked"
    await programme.courier.deliver_due()
    await programme.timekeeper.look()

    assert (await programme.read(record)).status is S.CONFIRMED


async def test_meetings_are_recorded(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()
    assert await sender.tell(record.reference, "attended", meeting=1) == "parked"
    await sender.tell(record.reference)
    await hooks.programme.timekeeper.look()

    assert await sender.tell(record.reference, "attended", meeting=2) == "applied"

    found = await hooks.programme.progress.read_attendance(record.id)
    assert [each.meeting for each in found] == [1, 2]


async def test_what_cannot_be_so_is_told(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()
    late = sender.an_event(record.reference, at=hooks.clock() + timedelta(hours=1))
    answers = [await sender.send(each) for each in (late, sender.an_event("x" * 65))]
    answers.append(await sender.send(sender.an_event("x", version=10**40)))
    answers.append(await sender.send(sender.an_event("x", "attended", meeting=10**40)))

    assert [each.json()["code"] for each in answers] == ["NOT_SO"] * 4
    assert (await sender.send(b"{}")).json()["code"] == "BAD_EVENT"
    assert (await sender.send(sender.an_event("x", "danced"))).json() == {"status": "ignored"}


async def test_only_partners_that_take_part_are_heard(hooks: Hooks):
    applicant = await hooks.a_sender(APPLICANT.code)
    body = applicant.an_event("x")

    assert (await applicant.send(body)).status_code == 401
    assert (await hooks.post("nobody", body, applicant.signed(body))).status_code == 401
    with pytest.raises(SecretError):
        await hooks.secrets.make(PartnerCode("nobody"), "rina")


async def test_other_methods_are_not_known(hooks: Hooks):
    response = await hooks.post(PARTNER, b"", method="PUT")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_old_messages_are_forgotten(hooks: Hooks):
    messages = MessageLog(hooks.programme.database, hooks.clock)
    await messages.add(PARTNER, "old")
    hooks.clock.advance(seconds=(KEPT_FOR + timedelta(seconds=1)).total_seconds())
    await messages.add(PARTNER, "new")

    assert not await messages.has(PARTNER, "old")
    assert await messages.has(PARTNER, "new")
