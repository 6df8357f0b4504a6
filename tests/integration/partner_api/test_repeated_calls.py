"""A call that comes twice: what is read is read anew, what is written is written once."""

import asyncio

import pytest
from sqlalchemy import func, select

from gateway.partner_api.faults import Fault, PartnerApiError
from gateway.partner_api.replay import KEPT_FOR, Answer, ReplayGuard, RequestName
from gateway.partner_api.vault import Vault
from gateway.storage.partner_api_tables import partner_request
from tests.integration.enrolment.builders import GRANT
from tests.integration.partner_api.partners import (
    INVOICE,
    KEYRING,
    QUOTA,
    Api,
    a_wrong,
    an_order,
    codes_of,
)

pytestmark = pytest.mark.anyio


async def count_requests(api: Api) -> int:
    question = select(func.count()).select_from(partner_request)
    return await api.programme.database.read(lambda c: c.execute(question).scalar_one())


async def test_a_read_may_come_twice(api: Api):
    client, offering = await api.a_sale()
    call = client.prepare(QUOTA, **codes_of(offering))
    await client.send(*call)
    await client.buy(offering)

    again = (await client.send(*call)).json()

    assert again["data"]["quota"] == 4  # what is read is read anew


async def test_a_repeated_write_gets_the_first_answer_and_has_no_second_effect(api: Api):
    client, offering = await api.a_sale()
    asking = client.prepare("payment/send-otp", **an_order(offering))
    tokens = [(await client.send(*asking)).json()["data"]["payment_token"] for _ in range(3)]
    bought = await client.data("payment/authorize", tokens[0], **client.paying())
    codes = {"invoice_code": INVOICE, "transaction_code": bought["transaction_code"]}
    voiding = client.prepare("payment/void", **codes)

    first, again = await client.send(*voiding), await client.send(*voiding)

    assert len(set(tokens)) == 1
    assert api.pigeon.sent == 1
    assert again.json() == first.json()
    assert first.json()["success"]
    assert await api.programme.balance() == GRANT


async def test_a_repeated_refusal_is_one_guess(api: Api):
    client, offering = await api.a_sale()
    token = await client.token(offering)
    wrong = {**client.paying(), "otp": a_wrong(client.paying()["otp"])}
    call = client.prepare("payment/authorize", token, **wrong)

    codes = {(await client.send(*call)).json()["code"] for _ in range(9)}

    assert codes == {"ERROTP40001"}
    await client.data("payment/authorize", token, **client.paying())


async def test_a_write_that_was_cut_off_is_not_done_again(api: Api):
    guard = ReplayGuard(api.programme.database, Vault(KEYRING), api.clock)
    name, done = RequestName("toko", "0" * 40), []

    async def is_cut_off() -> Answer:
        done.append(1)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await guard.once(name, is_cut_off)
    with pytest.raises(PartnerApiError) as caught:
        await guard.once(name, is_cut_off)

    assert caught.value.fault is Fault.IN_PROGRESS
    assert len(done) == 1


async def test_requests_are_forgotten_with_their_window(api: Api):
    client, offering = await api.a_sale()
    await client.buy(offering)
    old = client.prepare("payment/authorize", "token", **client.paying())
    assert await count_requests(api) == 2

    api.clock.advance(seconds=KEPT_FOR.total_seconds() + 1)
    assert (await client.send(*old)).json()["code"] == "ERRAUT40102"
    await client.buy(offering, "budi", "OTHER")

    assert await count_requests(api) == 2


async def test_stored_answers_do_not_tell_tokens(api: Api):
    client, offering = await api.a_sale()
    token = await client.token(offering)

    rows = await api.programme.database.read(lambda c: c.execute(select(partner_request)).all())

    assert len(rows) == 1
    assert token not in repr(rows)
    assert b"payment_token" not in bytes(rows[0].sealed)
