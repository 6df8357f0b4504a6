"""Buying on a partner's own site, in the same ledger and under the same rules as `enrol`."""

import asyncio
from dataclasses import replace

import pytest

from adapters.base import ReceiptStatus, Statement, StatementLine
from gateway.enrolment.calendar import day_of
from gateway.enrolment.reconcile import Reconciler
from schema.model.codes import ALPHABET
from schema.model.enrolment import EnrolErrorCode, EnrolmentStatus
from schema.model.reconciliation import DriftKind, ReconciliationState
from schema.model.values import EnrolmentMode, Reference
from tests.integration.enrolment.builders import GRANT, PRICE
from tests.integration.partner_api.partners import (
    INVOICE,
    Api,
    an_order,
    codes_of,
    enrolments,
)

pytestmark = pytest.mark.anyio


async def test_a_purchase_from_quota_to_status(api: Api):
    client, offering = await api.a_sale()

    quota = await client.data("payment/quota-schedule", **codes_of(offering))
    bought = await client.buy(offering)
    status = await client.data("payment/status", invoice_code=INVOICE)

    assert quota == {**codes_of(offering), "quota": 5}
    transaction = bought["transaction_code"]
    assert len(transaction) == 26
    assert set(transaction) <= set(ALPHABET)
    told = {
        "invoice_code": INVOICE,
        "transaction_code": transaction,
        "amount": PRICE,
        "status": "SUCCESS",
        "prakerja_name": "",
    }
    assert bought == told
    assert status == {"created_at": "2020-04-11T09:00:00Z", **told}
    [record] = await enrolments(api)
    assert (record.status, record.reference) == (EnrolmentStatus.CONFIRMED, transaction)
    assert record.partner_reference == INVOICE
    assert await api.programme.statuses(record.id) == ["RESERVED", "SUBMITTING", "CONFIRMED"]
    assert await api.programme.accounts() == {
        "PROGRAMME": -GRANT,
        "SPENDABLE": GRANT - PRICE,
        "HELD": 0,
        "PARTNER": PRICE,
    }
    assert await api.programme.errands() == 0
    assert (await client.data("payment/quota-schedule", **codes_of(offering)))["quota"] == 4


async def test_seats_of_ours_are_taken_and_given_back(api: Api):
    client, offering = await api.a_sale(seats=9)
    await api.programme.own_seats(offering, 1, waiting=3)

    bought = await client.buy(offering)

    assert await api.programme.seats_taken(offering) == 1
    assert (await client.data("payment/quota-schedule", **codes_of(offering)))["quota"] == 0
    assert await client.fault("payment/send-otp", **an_order(offering, "budi")) == "ERRPLT40042"
    voided = {"invoice_code": INVOICE, "transaction_code": bought["transaction_code"]}
    await client.data("payment/void", **voided)
    assert await api.programme.seats_taken(offering) == 0


async def test_the_same_invoice_is_one_purchase(api: Api):
    client, offering = await api.a_sale()
    token = await client.token(offering)
    paying = client.paying(invoice=77)

    first = await client.data("payment/authorize", token, **paying)
    api.clock.advance(seconds=1)
    again = await client.data("payment/authorize", token, **{**paying, "invoice_code": "77"})

    assert again == first
    assert first["invoice_code"] == "77"
    assert len(await enrolments(api)) == 1
    assert await api.programme.balance() == GRANT - PRICE


async def test_the_same_invoice_at_the_same_time_is_one_purchase(api: Api):
    client, offering = await api.a_sale()
    token = await client.token(offering)
    calls = []
    for _ in range(4):
        calls.append(client.prepare("payment/authorize", token, **client.paying()))
        api.clock.advance(seconds=1)

    told = [each.json() for each in await asyncio.gather(*(client.send(*c) for c in calls))]

    assert {each.get("code") for each in told} <= {None, "ERRPLT40098"}
    assert len({each["data"]["transaction_code"] for each in told if each["success"]}) == 1
    assert len(await enrolments(api)) == 1


async def test_two_learners_with_one_invoice_code_at_once(api: Api):
    client, offering = await api.a_sale()
    tokens = {learner: await client.token(offering, learner) for learner in ("siti", "budi", "ani")}
    calls = [
        client.prepare("payment/authorize", token, **client.paying(learner))
        for learner, token in tokens.items()
    ]

    told = [each.json() for each in await asyncio.gather(*(client.send(*c) for c in calls))]

    assert sorted(each.get("code", "OK") for each in told) == ["ERRPLT40039"] * 2 + ["OK"]
    sold = [len(await enrolments(api, learner)) for learner in tokens]
    assert sorted(sold) == [0, 0, 1]


async def test_sales_and_wishes_share_the_last_seats(api: Api):
    client, offering = await api.a_sale(seats=9)
    await api.programme.own_seats(offering, 3)
    sellers = {learner: await client.token(offering, learner) for learner in ("a", "b", "c")}
    calls = [
        client.prepare("payment/authorize", token, **client.paying(learner, f"I-{learner}"))
        for learner, token in sellers.items()
    ]
    wishes = [api.programme.enrol(offering, learner=learner) for learner in ("d", "e", "f")]

    *told, first, second, third = await asyncio.gather(*(client.send(*c) for c in calls), *wishes)

    sold = [each.json() for each in told]
    enrolled = [each for each in (first, second, third) if not each.refusals]
    bought = [each for each in sold if each["success"]]
    assert len(bought) + len(enrolled) == 3
    assert {each["code"] for each in sold if not each["success"]} <= {"ERRPLT40042"}
    assert await api.programme.seats_taken(offering) == 3
    assert await api.programme.errands() == len(enrolled)


async def test_void_gives_the_money_back_once(api: Api):
    client, offering = await api.a_sale()
    token = await client.token(offering)
    bought = await client.data("payment/authorize", token, **client.paying())
    codes = {"invoice_code": INVOICE, "transaction_code": bought["transaction_code"]}
    api.clock.advance(seconds=1)

    done = await client.data("payment/void", **codes)
    api.clock.advance(seconds=1)
    again = await client.fault("payment/void", **codes)

    assert done == {"message": "the transaction is cancelled"}
    assert again == "ERRPLT40028"
    repeated = await client.fault("payment/authorize", token, **client.paying())
    assert repeated == "ERRPLT40028"
    assert await api.programme.balance() == GRANT
    assert (await client.data("payment/status", invoice_code=INVOICE))["status"] == "CANCELLED"
    [record] = await enrolments(api)
    assert record.status is EnrolmentStatus.CANCELLED


async def test_void_names_both_codes(api: Api):
    client, offering = await api.a_sale()
    bought = await client.buy(offering)
    wrong = {"invoice_code": INVOICE, "transaction_code": "01E3P4ZSXN1NKFKWZM193425B3"}
    other = {"invoice_code": "OTHER", "transaction_code": bought["transaction_code"]}

    assert await client.fault("payment/void", **wrong) == "ERRVOD40001"
    assert await client.fault("payment/void", **other) == "ERRVOD40001"
    assert await api.programme.balance() == GRANT - PRICE


class Statements:
    """A partner's statement of these lines; it knows no single reference."""

    def __init__(self, *lines: StatementLine) -> None:
        self.lines = lines

    async def fetch_statement(self, *_: object) -> Statement:
        return Statement(self.lines)

    async def find(self, *_: object) -> None:
        return None


async def test_a_statement_need_not_list_what_its_partner_sold_but_may_not_deny_it(api: Api):
    client, offering = await api.a_sale()
    bought = await client.buy(offering)
    day, code = day_of(api.clock()), Reference(bought["transaction_code"])
    api.clock.advance(seconds=1)
    undone = Statements(StatementLine(code, ReceiptStatus.CANCELLED))

    silent, denying = [
        await Reconciler(api.programme.database, told, now=api.clock).reconcile(
            offering.partner, day
        )
        for told in (Statements(), undone)
    ]

    assert (silent.state, silent.enrolments) == (ReconciliationState.CLEAN, 1)
    assert denying.state is ReconciliationState.DRIFT
    assert [each.kind for each in denying.drifts] == [DriftKind.STATUS_DIFFERS]


async def test_bought_there_is_cancelled_there(api: Api):
    client, offering = await api.a_sale()
    await client.buy(offering)
    [record] = await enrolments(api)

    outcome = await api.programme.cancel(record)

    assert [each.code for each in outcome.refusals] == [EnrolErrorCode.NOT_CANCELLABLE]
    assert await api.programme.errands() == 0


async def test_what_is_sold_only_there_can_be_bought_there(api: Api):
    client, offering = await api.a_sale()
    there = replace(offering, enrolment_mode=EnrolmentMode.PARTNER_SITE)
    fact = api.programme.shelf.facts[offering.id]
    api.programme.shelf.facts[offering.id] = replace(fact, offering=there)

    await client.buy(offering)

    assert [each.status for each in await enrolments(api)] == [EnrolmentStatus.CONFIRMED]
    here = await api.programme.enrol(offering, learner="budi")
    assert [each.code for each in here.refusals] == [EnrolErrorCode.NOT_ENROLABLE]


async def test_self_paced_courses_are_their_own_schedule(api: Api):
    client, offering = await api.a_client(), api.programme.shelf.put("buku")

    quota = await client.data("payment/quota-schedule", **codes_of(offering))
    await client.buy(offering)

    assert quota["quota"] == 999_980
    assert len(await enrolments(api)) == 1
