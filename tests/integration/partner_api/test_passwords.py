"""One-time passwords: how they are delivered, how often, for how long, and how many guesses."""

import asyncio

import pytest

from gateway.storage.engine import Database
from tests.integration.enrolment.builders import GRANT, PRICE
from tests.integration.partner_api.partners import Api, a_wrong, an_order

pytestmark = pytest.mark.anyio


async def test_a_delivery_that_hangs_is_not_waited_for(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gateway.partner_api.purchases.DELIVERY_SECONDS", 0.01)
    client, offering = await api.a_sale()

    async def hangs(*_: object) -> None:
        await asyncio.Event().wait()

    api.pigeon.deliver = hangs

    assert await client.fault("payment/send-otp", **an_order(offering)) == "ERROTP40003"


async def test_production_without_a_delivery_says_so(ledger_db: Database):
    api = Api(ledger_db, delivery=None)
    client, offering = await api.a_sale()

    assert await client.fault("payment/send-otp", **an_order(offering)) == "ERROTP40003"


async def test_guessing_is_locked_for_the_token_and_the_learner(api: Api):
    client, offering = await api.a_sale()
    tokens = [await client.token(offering)]
    api.clock.advance(seconds=1)
    tokens.append(await client.token(offering))
    right = client.paying()
    wrong = {**right, "otp": a_wrong(right["otp"])}

    codes = []
    for number in range(6):
        api.clock.advance(seconds=1)
        codes.append(await client.fault("payment/authorize", tokens[number % 2], **wrong))
    api.clock.advance(seconds=1)
    locked = await client.fault("payment/authorize", tokens[1], **right)
    asked = await client.fault("payment/send-otp", **an_order(offering))

    assert codes == ["ERROTP40001"] * 5 + ["ERROTP40002"]
    assert (locked, asked) == ("ERROTP40002", "ERROTP40002")
    assert await api.programme.balance() == GRANT
    other = await client.buy(offering, "budi")
    assert other["status"] == "SUCCESS"  # it locks nobody else

    api.clock.advance(minutes=31)
    assert (await client.buy(offering, invoice="LATER"))["amount"] == PRICE


async def test_guessing_is_limited_over_all(ledger_db: Database):
    api = Api(ledger_db, most_wrong_passwords=3)
    client, offering = await api.a_sale()
    for learner in ("a", "b", "c"):
        token = await client.token(offering, learner)
        paying = client.paying(learner)
        wrong = {**paying, "otp": a_wrong(paying["otp"])}
        assert await client.fault("payment/authorize", token, **wrong) == "ERROTP40001"

    assert await client.fault("payment/send-otp", **an_order(offering, "d")) == "ERROTP40002"


async def test_passwords_are_sent_three_times_in_ten_minutes(api: Api):
    client, offering = await api.a_sale()
    for _ in range(3):
        await client.token(offering)
        api.clock.advance(seconds=1)

    assert await client.fault("payment/send-otp", **an_order(offering)) == "ERROTP42901"
    api.clock.advance(minutes=10)
    await client.token(offering)


async def test_payment_tokens_expire(api: Api):
    client, offering = await api.a_sale()
    token = await client.token(offering)

    api.clock.advance(minutes=10)

    assert await client.fault("payment/authorize", token, **client.paying()) == "ERRAUT40103"
    assert await client.fault("payment/authorize", None, **client.paying()) == "ERRAUT40103"


async def test_a_password_of_another_token_is_wrong(api: Api):
    client, offering = await api.a_sale()
    first = await client.token(offering)
    await client.token(offering, "budi")

    assert await client.fault("payment/authorize", first, **client.paying("budi")) == "ERROTP40001"
