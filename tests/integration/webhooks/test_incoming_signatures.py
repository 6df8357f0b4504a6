"""Whose webhooks are believed: E11 of the list of faults, on both engines."""

import json
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gateway.enrolment.privacy.keyring import KeyringError
from gateway.partner_api.vault import Vault
from gateway.webhooks.incoming import LARGEST_BODY
from gateway.webhooks.partner_secrets import PartnerSecrets, SecretError
from tests.integration.enrolment.builders import PARTNER
from tests.integration.partner_api.partners import BUKALAPAK
from tests.integration.webhooks.partners import Hooks, Sender
from tests.integration.webhooks.verdicts import S, is_refused, pending

pytestmark = pytest.mark.anyio


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


async def test_without_the_keys_nothing_is_believed_and_the_sender_tries_again(hooks: Hooks):
    record, sender = await pending(hooks), await hooks.a_sender()
    hooks.secrets._vault = Vault(None)

    response = await sender.send(sender.an_event(record.reference))

    assert (response.status_code, response.json()["code"]) == (503, "UNAVAILABLE")
    assert response.headers["retry-after"]
    locked = PartnerSecrets(hooks.programme.database, Vault(None), [PARTNER], hooks.clock)
    with pytest.raises(KeyringError):
        await locked.make(PARTNER, "rina")
