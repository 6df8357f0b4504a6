"""What cannot be bought on a partner's own site, and who may not touch a purchase."""

import pytest
from sqlalchemy import select

from gateway.enrolment.audit.records import Act
from gateway.storage.audit_tables import audit_record
from gateway.storage.engine import Database
from schema.model.enrolment import EnrolErrorCode
from tests.integration.enrolment.builders import GRANT, PRICE
from tests.integration.partner_api.partners import (
    BUKALAPAK,
    INVOICE,
    Api,
    an_order,
    codes_of,
    enrolments,
)

pytestmark = pytest.mark.anyio
TRESPASSES = (
    select(audit_record.c.by, audit_record.c.target, audit_record.c.details)
    .where(audit_record.c.act == Act.PARTNER_TRESPASSED)
    .order_by(audit_record.c.target)
)


async def test_an_invoice_code_is_not_used_for_another_payment(api: Api):
    client, offering = await api.a_sale()
    await client.buy(offering)
    token = await client.token(offering, "budi")

    refused = await client.fault("payment/authorize", token, **client.paying("budi"))

    assert refused == "ERRPLT40039"
    assert await enrolments(api, "budi") == []


async def test_a_payment_token_is_not_used_for_another_invoice(api: Api):
    client, offering = await api.a_sale()
    token = await client.token(offering)
    await client.data("payment/authorize", token, **client.paying())

    refused = await client.fault("payment/authorize", token, **client.paying(invoice="OTHER"))

    assert refused == "ERRPLT40044"
    assert len(await enrolments(api)) == 1


async def test_what_was_bought_there_is_not_enrolled_in_here(api: Api):
    client, offering = await api.a_sale()
    await client.buy(offering)

    outcome = await api.programme.enrol(offering)

    assert [each.code for each in outcome.refusals] == [EnrolErrorCode.ALREADY_ENROLLED]
    assert outcome.enrolment == (await enrolments(api))[0]


async def test_what_was_enrolled_in_here_is_not_sold_there(api: Api):
    client, offering = await api.a_sale()
    token = await client.token(offering)
    await api.programme.enrol(offering)
    api.clock.advance(seconds=1)

    asked = await client.fault("payment/send-otp", **an_order(offering))
    paid = await client.fault("payment/authorize", token, **client.paying())

    assert (asked, paid) == ("ERRPLT40044", "ERRPLT40044")
    assert len(await enrolments(api)) == 1


async def test_another_partner_sees_and_touches_nothing(api: Api):
    client, other = await api.a_client(), await api.a_client(BUKALAPAK)
    offering = api.programme.shelf.put("kopi", seats=5)
    token = await client.token(offering)
    taken = await other.fault("payment/authorize", token, **client.paying())
    bought = await client.data("payment/authorize", token, **client.paying())
    [record] = await enrolments(api)
    codes = {"invoice_code": INVOICE, "transaction_code": bought["transaction_code"]}

    assert taken == "ERRAUT40103"
    assert await other.fault("payment/quota-schedule", **codes_of(offering)) == "ERRPLT40037"
    assert await other.fault("payment/send-otp", **an_order(offering, "budi")) == "ERRPLT40037"
    assert await other.fault("payment/status", invoice_code=INVOICE) == "ERRPLT40038"
    assert await other.fault("payment/void", **codes) == "ERRVOD40001"
    for call in ("status", "commit", "reset"):
        path = f"payment/redeem-code/{call}"
        assert await other.fault(path, redeem_code=record.redeem_code) == "ERRRDM40001"
    assert await client.fault("payment/void", **{**codes, "invoice_code": "OTHER"}) == "ERRVOD40001"
    told = await api.programme.database.read(lambda c: list(c.execute(TRESPASSES)))
    assert [tuple(row) for row in told] == [
        ("partner:bukalapak", f"enrolment {record.id}", '{"owner":"tokopedia"}'),
        ("partner:bukalapak", f"sale of offering {offering.id}", '{"owner":"tokopedia"}'),
    ]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"course_code": ""}, "ERRPLT40036"),
        ({"schedule_code": None}, "ERRPLT40036"),
        ({"course_code": "7777777777"}, "ERRPLT40037"),
        ({"schedule_code": "no code"}, "ERRPLT40037"),
        ({"amount": PRICE - 1}, "ERRPLT40046"),
        ({"amount": "a lot"}, "ERRPLT40002"),
        ({"prakerja_id": None}, "ERRPLT40002"),
    ],
)
async def test_an_order_that_cannot_be_sends_no_password(
    api: Api, changed: dict[str, object], code: str
):
    client, offering = await api.a_sale()

    assert await client.fault("payment/send-otp", **an_order(offering, **changed)) == code
    assert api.pigeon.sent == 0


async def test_a_schedule_of_another_course_is_unknown(api: Api):
    client, offering = await api.a_sale()
    other = api.programme.shelf.put("teh", seats=5)
    mixed = {**codes_of(offering), "schedule_code": codes_of(other)["schedule_code"]}

    assert await client.fault("payment/quota-schedule", **mixed) == "ERRPLT40037"


async def test_orders_that_the_rules_refuse(api: Api):
    client, shelf = await api.a_client(), api.programme.shelf
    full, started = shelf.put("full", seats=0), shelf.put("started", seats=3, starts_in=0)
    dear = shelf.put("dear", seats=3, price=GRANT + 1)
    told = {
        "full": await client.fault("payment/send-otp", **an_order(full)),
        "started": await client.fault("payment/send-otp", **an_order(started)),
        "dear": await client.fault("payment/send-otp", **an_order(dear, amount=GRANT + 1)),
    }

    assert told == {"full": "ERRPLT40042", "started": "ERRPLT40041", "dear": "ERRPLT40045"}


async def test_who_is_no_participant_gets_no_password(ledger_db: Database):
    api = Api(ledger_db)
    client, offering = await api.a_sale()

    async def knows_nobody(learner: object) -> bool:
        return False

    api.programme.service._learners.read_or_provision = knows_nobody

    assert await client.fault("payment/send-otp", **an_order(offering, "nobody")) == "ERRPLT40043"
