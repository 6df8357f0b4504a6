"""Redeem codes: begin, attend, be tested, try again with test codes; and attendance addresses."""

import json
from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, update

from gateway.enrolment.privacy.consents import decide
from gateway.enrolment.privacy.contacts import Contact, write_contacts
from gateway.enrolment.privacy.erasure import erase
from gateway.enrolment.privacy.keyring import Purpose
from gateway.partner_api.vault import Vault
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment
from gateway.storage.partner_api_tables import course_email
from schema.model.enrolment import EnrolmentStatus
from schema.model.learners import Consent, ConsentDecision
from schema.model.values import LearnerId
from tests.integration.enrolment.builders import NOW, SITI
from tests.integration.enrolment.learners import a_keyring
from tests.integration.partner_api.partners import (
    INVOICE,
    KEYRING,
    Api,
    PartnerClient,
    codes_of,
)

pytestmark = pytest.mark.anyio

COMMIT, STATUS, RESET = (f"payment/redeem-code/{name}" for name in ("commit", "status", "reset"))
URL = "oauth/url-generate"
EMAIL = "Siti@Example.id"


async def bought(client: PartnerClient, key: str = "kopi", learner: str = SITI, **how: Any):
    """Buy a course, and come to when it is redeemed; return the learner's enrolment."""
    shelf = client.api.programme.shelf
    offering = next((f.offering for f in shelf.facts.values() if f.key == key), None)
    offering = offering or shelf.put(key, **how)
    await client.buy(offering, learner, f"{INVOICE}-{learner}")
    page = await read_newest(client, learner)
    return offering, page


async def read_newest(client: PartnerClient, learner: str = SITI):
    question = select(enrolment).where(enrolment.c.learner_id == learner)
    return await client.api.programme.database.read(lambda c: c.execute(question).one())


async def test_a_course_is_redeemed_attended_and_tested(api: Api):
    client = await api.a_client()
    offering, record = await bought(client)
    told = {"redeem_code": record.redeem_code}

    before = await client.data(STATUS, **told)
    early = await client.fault(COMMIT, **told, sequence=2)
    first = await client.data(COMMIT, **told)
    api.clock.advance(seconds=1)
    again = await client.data(COMMIT, **told, sequence="1")
    second = await client.data(COMMIT, **told, sequence=2)
    test = await client.data(COMMIT, **told, sequence=999)

    shared = {
        "redeem_code": record.redeem_code,
        **codes_of(offering),
        "invoice_code": f"{INVOICE}-siti",
        "status": 1,
        "dp_platform": "Tokopedia",
    }
    assert before == {**shared, "sequence": 1, "attendance_status": 0, "redeem_at": None}
    at = "2020-04-11T09:00:00Z"
    assert first == {**shared, "sequence": 1, "attendance_status": 1, "redeem_at": at}
    assert early == "ERRRDM40004"
    assert again == first
    assert (second["sequence"], second["redeem_at"]) == (2, "2020-04-11T09:00:01Z")
    assert (test["sequence"], test["attendance_status"]) == (999, 1)
    assert not record.redeem_code.startswith("PRAT-")
    assert (await read_newest(client)).status == EnrolmentStatus.ACTIVE
    met = await api.programme.progress.read_attendance(record.id)
    assert [each.meeting for each in met] == [2, 999]


async def test_a_course_is_redeemed_in_its_window_only(api: Api):
    client = await api.a_client()
    _, record = await bought(client)
    api.clock.advance(days=20)

    assert await client.fault(COMMIT, redeem_code=record.redeem_code) == "ERRRDM40003"
    assert (await read_newest(client)).status == EnrolmentStatus.CONFIRMED


async def test_a_cancelled_code_stands_for_nothing(api: Api):
    client = await api.a_client()
    _, record = await bought(client)
    codes = {"invoice_code": f"{INVOICE}-siti", "transaction_code": record.reference}
    await client.data("payment/void", **codes)

    assert await client.fault(COMMIT, redeem_code=record.redeem_code) == "ERRRDM40002"
    assert (await client.data(STATUS, redeem_code=record.redeem_code))["status"] == 0


@pytest.mark.parametrize("sequence", [0, 11, 998, "x"])
async def test_sequences_that_do_not_exist(api: Api, sequence: object):
    client = await api.a_client()
    _, record = await bought(client)
    told = {"redeem_code": record.redeem_code, "sequence": sequence}

    assert await client.fault(COMMIT, **told) == "ERRPLT40002"


async def test_only_test_codes_are_reset(api: Api):
    client = await api.a_client()
    _, record = await bought(client)
    await client.data(COMMIT, redeem_code=record.redeem_code)

    assert await client.fault(RESET, redeem_code=record.redeem_code) == "ERRRDM40005"


async def test_a_test_code_is_redeemed_again_and_again(ledger_db: Database):
    api = Api(ledger_db, is_development=True)
    client = await api.a_client()
    _, record = await bought(client)
    told = {"redeem_code": record.redeem_code}
    assert record.redeem_code.startswith("PRAT-")
    for _ in range(2):
        api.clock.advance(seconds=1)
        await client.data(COMMIT, **told)
        await client.data(COMMIT, **told, sequence=3)
        third = await client.data(RESET, **told, sequence=3)
        first = await client.data(RESET, **told)
        assert (third["attendance_status"], first["attendance_status"]) == (0, 0)
        assert (await read_newest(client)).status == EnrolmentStatus.CONFIRMED
    api.clock.advance(seconds=1)

    committed = await client.data(COMMIT, **told)

    assert committed["redeem_at"] == "2020-04-11T09:00:03Z"
    assert (await api.programme.accounts())["HELD"] == 0


async def test_a_code_that_two_enrolments_have_is_nobodys(api: Api):
    client = await api.a_client()
    await bought(client, seats=5)
    await bought(client, learner="budi")
    same = update(enrolment).values(redeem_code="SAME")
    await api.programme.database.write(lambda c: c.execute(same))

    assert await client.fault(COMMIT, redeem_code="SAME") == "ERRRDM40001"


async def test_what_was_enrolled_in_through_us_is_redeemed_too(api: Api):
    client = await api.a_client()
    outcome = await api.programme.enrol(api.programme.shelf.put("kopi", seats=None))
    await api.programme.courier.deliver_due()

    told = await client.data(COMMIT, redeem_code="REDEEM")

    assert outcome.enrolment is not None
    assert told["invoice_code"] == outcome.enrolment.reference
    assert (await read_newest(client)).status == EnrolmentStatus.ACTIVE


def asking(record: Any, email: str = EMAIL, **other: Any) -> dict[str, Any]:
    told = {"redeem_code": record.redeem_code, "redirect_uri": "https://lms.test/k?id=7"}
    return {**told, "email": email, **other}


async def test_an_address_to_attend_under_is_signed_by_us(api: Api):
    client = await api.a_client()
    _, record = await bought(client)

    url = (await client.data(URL, **asking(record, sequence=2)))["url"]

    parts = urlsplit(url)
    query = parse_qs(parts.query)
    assert (parts.netloc, query["id"]) == ("lms.test", ["7"])
    [code] = query["code"]
    _, said, mark = (urlsafe_b64decode(part + "==") for part in code.split("."))
    assert mark == Vault(KEYRING).mark(1, "attendance code", said)
    expires_at = int(api.clock().timestamp()) + 24 * 3600
    told = {"reference": record.reference, "sequence": 2, "exp": expires_at}
    assert json.loads(said) == told
    assert "siti" not in url.lower()


async def test_one_email_attends_a_course_once(api: Api):
    client = await api.a_client()
    _, siti = await bought(client, seats=5)
    _, budi = await bought(client, learner="budi")
    _, other_course = await bought(client, "teh", "ani")

    await client.data(URL, **asking(siti))
    await client.data(URL, **asking(siti, " siti@EXAMPLE.id", sequence=2))
    await client.data(URL, **asking(other_course))

    assert await client.fault(URL, **asking(budi)) == "ERRRDM40006"
    rows = await api.programme.database.read(lambda c: c.execute(select(course_email)).all())
    assert "example" not in repr(rows).lower()
    assert len(rows) == 2

    await api.programme.database.write(lambda c: erase(c, LearnerId(SITI), by="rina", now=NOW))
    api.clock.advance(seconds=1)
    await client.data(URL, **asking(budi))


async def test_names_are_told_with_consent_alone(ledger_db: Database):
    contacts = a_keyring(Purpose.CONTACTS, 1)
    api = Api(ledger_db, contacts=contacts)
    client = await api.a_client()
    await bought(client)
    learner = LearnerId(SITI)
    said = {learner: Contact(name="Siti Aminah")}
    await ledger_db.write(lambda c: write_contacts(c, contacts, said, NOW))
    ask = {"invoice_code": f"{INVOICE}-siti"}

    without = await client.data("payment/status", **ask)
    given = Consent("partners", ConsentDecision.GIVEN, NOW, "siti")
    await ledger_db.write(lambda c: decide(c, learner, given))
    with_consent = await client.data("payment/status", **ask)

    assert without["prakerja_name"] == ""
    assert with_consent["prakerja_name"] == "Siti Aminah"
