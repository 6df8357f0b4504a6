"""Partners' webhooks: E10 and E11 of the list of faults, on both engines."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from structlog.testing import capture_logs

from adapters.base import ReceiptStatus
from gateway.enrolment.privacy.keyring import KeyringError
from gateway.partner_api.vault import Vault
from gateway.partners.config import Webhooks
from gateway.storage.engine import Database
from gateway.webhooks.incoming import LARGEST_BODY
from gateway.webhooks.messages import KEPT_FOR, MessageLog
from gateway.webhooks.partner_secrets import PartnerSecrets, SecretError
from schema.model.enrolment import EnrolmentStatus
from schema.model.values import PartnerCode
from tests.integration.enrolment.builders import PARTNER, PRICE
from tests.integration.enrolment.scripted import decides_later
from tests.integration.partner_api.partners import APPLICANT, BUKALAPAK
from tests.integration.webhooks.partners import Hooks, Sender

pytestmark = pytest.mark.anyio

S = EnrolmentStatus


async def pending(hooks: Hooks, key: str = "barista"):
    """Return an enrolment that its partner decides on later."""
    programme = hooks.programme
    programme.partner.acts = [decides_later]
    record = (await programme.enrol(programme.shelf.put(key), key)).enrolment
    await programme.courier.deliver_due()
    return record


async def is_refused(hooks: Hooks, response, code: str = "UNSIGNED", status: int = 401) -> bool:
    """Return whether an answer is a refusal, and nothing came of the request."""
    assert response.headers["content-type"] == "application/problem+json"
    told = (response.status_code, response.json()["code"])
    return told == (status, code) and (await hooks.programme.accounts()).get("PARTNER", 0) == 0


async def test_a_signed_event_confirms_and_captures(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()

    assert await sender.tell(record.reference, redeem_code="ABC") == "applied"

    found = await hooks.programme.read(record)
    assert (found.status, found.redeem_code) == (S.CONFIRMED, "ABC")
    assert (await hooks.programme.accounts())["PARTNER"] == PRICE


async def test_bad_and_missing_signatures_are_refused(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()
    body = sender.an_event(record.reference)
    good = sender.signed(body)
    others = [{**good, "webhook-signature": told} for told in ("v1", "v1,", "v1,AAAA", "", "x y")]
    others += [{name: good[name] for name in good if name != gone} for gone in good]
    others += [{**good, "webhook-id": "another"}, {**good, "webhook-timestamp": "soon"}, {}]

    for headers in others:
        assert await is_refused(hooks, await hooks.post(PARTNER, body, headers))
    assert (await hooks.post(PARTNER, body, good)).json() == {"status": "applied"}


async def test_a_header_that_comes_twice_is_no_signature(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()
    body = sender.an_event(record.reference)
    twice = [*sender.signed(body).items(), ("webhook-signature", "v1,AAAA")]

    assert await is_refused(hooks, await hooks.post(PARTNER, body, twice))


@pytest.mark.parametrize("minutes", [6, -6])
async def test_stale_and_future_messages_are_refused(hooks: Hooks, minutes: int):
    record, sender = await pending(hooks), await hooks.a_sender()
    sender.ahead = timedelta(minutes=minutes)

    response = await sender.send(sender.an_event(record.reference))

    assert await is_refused(hooks, response, "UNTIMELY")


@pytest.mark.parametrize("minutes", [5, -5])
async def test_clocks_may_be_five_minutes_apart(hooks: Hooks, minutes: int):
    record, sender = await pending(hooks), await hooks.a_sender()
    sender.ahead = timedelta(minutes=minutes)

    assert await sender.tell(record.reference) == "applied"


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


async def test_several_secrets_are_good_until_one_is_retired(hooks: Hooks):
    record = await pending(hooks)
    old = await hooks.a_sender()
    hooks.clock.advance(seconds=1)
    new = await hooks.a_sender()
    assert await old.tell(record.reference) == "applied"
    assert await new.tell(record.reference, "redeemed") == "applied"

    first, second = await hooks.secrets.read_all()
    await hooks.secrets.retire(first.id, "rina")

    assert await works(new)
    assert not await works(old)
    assert second.retired_at is None
    with pytest.raises(SecretError):
        await hooks.secrets.retire(first.id, "rina")


async def works(sender: Sender) -> bool:
    return (await sender.send(sender.an_event("unknown"))).status_code == 200


async def test_another_partners_secret_is_none(hooks: Hooks):
    record, other = await pending(hooks), await hooks.a_sender(BUKALAPAK.code)
    body = other.an_event(record.reference)

    assert await is_refused(hooks, await hooks.post(PARTNER, body, other.signed(body)))
    assert await other.tell(record.reference) == "parked"  # it speaks of its own alone
    assert (await hooks.programme.read(record)).status is S.PENDING_PARTNER


async def test_a_re_serialised_body_is_refused(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()
    body = sender.an_event(record.reference)
    compact = json.dumps(json.loads(body), separators=(",", ":")).encode()

    assert await is_refused(hooks, await hooks.post(PARTNER, compact, sender.signed(body)))


async def test_five_megabytes_are_refused_before_they_are_read(hooks: Hooks):
    sender, sent = await hooks.a_sender(), []

    async def endless():
        for _ in range(500):
            sent.append(10_000)
            yield b" " * 10_000

    body = b" " * 5_000_000
    with_length = await hooks.post(PARTNER, body, sender.signed(body))
    streamed = await hooks.post(PARTNER, endless(), sender.signed(b""))

    assert await is_refused(hooks, with_length, "TOO_LARGE", 413)
    assert await is_refused(hooks, streamed, "TOO_LARGE", 413)
    assert streamed.headers["connection"] == "close"


async def test_a_body_of_just_the_largest_size_is_read(hooks: Hooks):
    sender = await hooks.a_sender()
    body = sender.an_event("unknown").ljust(LARGEST_BODY)

    assert (await sender.send(body)).json() == {"status": "parked"}
    assert (await sender.send(body + b" ")).status_code == 413


async def test_nothing_of_a_body_is_logged_or_answered(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()
    secret = "3174012304950001"
    bodies = [
        sender.an_event(record.reference, reason=secret),
        sender.an_event(secret),
        sender.an_event(record.reference, version=secret),
        f'{{"type": "{secret}"}}'.encode(),
        secret.encode(),
    ]

    with capture_logs() as logs:
        answers = [await sender.send(body) for body in bodies]
        answers += [await hooks.post(PARTNER, body, {"webhook-id": secret}) for body in bodies]

    assert secret not in json.dumps(logs, default=str)
    assert all(secret not in answer.text for answer in answers)
    assert {answer.status_code for answer in answers} == {200, 400, 401}


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


async def test_without_the_keys_nothing_is_believed_and_the_sender_tries_again(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()
    hooks.secrets._vault = Vault(None)

    response = await sender.send(sender.an_event(record.reference))

    assert (response.status_code, response.json()["code"]) == (503, "UNAVAILABLE")
    assert response.headers["retry-after"]
    locked = PartnerSecrets(hooks.programme.database, Vault(None), [PARTNER], hooks.clock)
    with pytest.raises(KeyringError):
        await locked.make(PARTNER, "rina")


# --- unsigned ----------------------------------------------------------------------------


@pytest.fixture
def unsigned(ledger_db: Database) -> Hooks:
    return Hooks(ledger_db, Webhooks(signed=False, reference_at="order.ref"))


def signal(reference: str) -> bytes:
    return json.dumps({"order": {"ref": reference, "status": "COMPLETED"}}).encode()


async def test_an_unsigned_webhook_is_a_signal_to_ask(unsigned: Hooks):
    record = await pending(unsigned)
    partner = unsigned.programme.partner
    booked = partner.booked[record.reference]

    answer = await unsigned.post(PARTNER, signal(record.reference))
    await unsigned.signals.look()

    assert (answer.status_code, answer.json()) == (202, {"status": "signalled"})
    assert partner.calls["find"] == 1
    assert (await unsigned.programme.read(record)).status is S.PENDING_PARTNER  # not believed
    assert booked.status is ReceiptStatus.PENDING


async def test_what_the_partner_answers_counts(unsigned: Hooks):
    record = await pending(unsigned)
    booked = unsigned.programme.partner.booked
    await unsigned.post(PARTNER, signal(record.reference))
    booked[record.reference] = replace(booked[record.reference], status=ReceiptStatus.CONFIRMED)

    await unsigned.signals.look()

    assert (await unsigned.programme.read(record)).status is S.CONFIRMED
    assert (await unsigned.programme.accounts())["PARTNER"] == PRICE


async def test_a_storm_of_signals_is_two_questions(unsigned: Hooks):
    record = await pending(unsigned)
    calls = unsigned.programme.partner.calls
    for _ in range(10):
        await unsigned.post(PARTNER, signal(record.reference))
        await unsigned.signals.look()
    assert calls["find"] == 1

    unsigned.clock.advance(seconds=31)
    await unsigned.signals.look()
    unsigned.clock.advance(seconds=31)
    await unsigned.signals.look()

    assert calls["find"] == 2  # the second for all that came after the first


async def test_signals_about_nothing_of_ours_ask_nobody(unsigned: Hooks):
    for body in (signal("mitra-x"), b"", b"[]", b"\xff", signal("x" * 100)):
        assert (await unsigned.post(PARTNER, body)).status_code == 202
    await unsigned.signals.look()

    assert unsigned.programme.partner.calls["find"] == 0


@pytest.mark.parametrize("state", ["is_down", "is_locked"])
async def test_a_partner_that_cannot_be_asked_is_asked_later(unsigned: Hooks, state: str):
    record = await pending(unsigned)
    partner = unsigned.programme.partner
    setattr(partner, state, True)
    await unsigned.post(PARTNER, signal(record.reference))
    await unsigned.signals.look()
    setattr(partner, state, False)
    await unsigned.signals.look()
    assert partner.calls["find"] == 1  # it is given time

    unsigned.clock.advance(seconds=6)
    await unsigned.signals.look()

    assert partner.calls["find"] == 2
