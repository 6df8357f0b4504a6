"""Who may call, when, and how often: signatures, clocks, keys, replays, and no words in logs."""

import asyncio
import json

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from gateway.enrolment.audit.sealer import seal
from gateway.enrolment.audit.verifying import verify
from gateway.enrolment.privacy.keyring import KeyringError
from gateway.partner_api.endpoint import BASE
from gateway.partner_api.faults import Fault, PartnerApiError
from gateway.partner_api.partner_keys import PartnerKeyError, PartnerKeys
from gateway.partner_api.replay import KEPT_FOR, Answer, ReplayGuard, RequestName
from gateway.partner_api.signature import sign
from gateway.partner_api.vault import Vault
from gateway.storage.audit_tables import audit_record
from gateway.storage.engine import Database
from gateway.storage.partner_api_tables import partner_key, partner_request
from tests.integration.enrolment.builders import GRANT, PRICE
from tests.integration.partner_api.partners import (
    APPLICANT,
    BUKALAPAK,
    INVOICE,
    KEYRING,
    TOKOPEDIA,
    Api,
    an_order,
    codes_of,
)

pytestmark = pytest.mark.anyio

QUOTA = "payment/quota-schedule"


async def count_requests(api: Api) -> int:
    question = select(func.count()).select_from(partner_request)
    return await api.programme.database.read(lambda c: c.execute(question).scalar_one())


async def test_a_changed_byte_is_refused(api: Api):
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
    path, headers, body = client.prepare(QUOTA, **codes_of(offering))
    told = json.loads(body)
    changed = [
        (path, headers, json.dumps({**told, "amount": 1}).encode()),
        (path, {**headers, "timestamp": str(int(headers["timestamp"]) + 1)}, body),
        (path, {**headers, "authorization": "Payment x"}, body),
        (path.replace("payment/quota-schedule", "payment/send-otp"), headers, body),
        (path, {**headers, "Client_code": "nobody"}, body),
        (path, {name: headers[name] for name in headers if name != "signature"}, body),
    ]

    codes = [(await client.send(*each)).json()["code"] for each in changed]

    assert codes == ["ERRAUT40101"] * len(changed)
    assert (await client.send(path, headers, body)).status_code == 200


async def test_the_legacy_form_can_be_switched_off(ledger_db: Database):
    api = Api(ledger_db, lenient_signatures=False)
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
    path, headers, body = client.prepare(QUOTA, **codes_of(offering))
    compact = json.dumps(json.loads(body), separators=(",", ":")).encode()

    assert (await client.send(path, headers, body)).json()["code"] == "ERRAUT40101"
    assert (await client.send(path, headers, compact)).status_code == 200


@pytest.mark.parametrize(
    ("ahead", "status"), [(0, 200), (300, 200), (-300, 200), (301, 401), (-301, 401)]
)
async def test_clocks_may_be_five_minutes_apart(api: Api, ahead: int, status: int):
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
    client.ahead = ahead

    response = await client.call(QUOTA, **codes_of(offering))

    assert response.status_code == status
    if status != 200:
        assert response.json()["code"] == "ERRAUT40102"


async def test_a_read_may_come_twice(api: Api):
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
    call = client.prepare(QUOTA, **codes_of(offering))
    await client.send(*call)
    await client.buy(offering)

    again = (await client.send(*call)).json()

    assert again["data"]["quota"] == 4  # what is read is read anew


async def test_a_repeated_write_gets_the_first_answer_and_has_no_second_effect(api: Api):
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
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
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
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
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
    await client.buy(offering)
    old = client.prepare("payment/authorize", "token", **client.paying())
    assert await count_requests(api) == 2

    api.clock.advance(seconds=KEPT_FOR.total_seconds() + 1)
    assert (await client.send(*old)).json()["code"] == "ERRAUT40102"
    await client.buy(offering, "budi", "OTHER")

    assert await count_requests(api) == 2


async def test_stored_answers_do_not_tell_tokens(api: Api):
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
    token = await client.token(offering)

    rows = await api.programme.database.read(lambda c: c.execute(select(partner_request)).all())

    assert len(rows) == 1
    assert token not in repr(rows)
    assert b"payment_token" not in bytes(rows[0].sealed)


async def test_two_keys_are_good_at_once_until_one_is_retired(api: Api):
    offering = api.programme.shelf.put("kopi", seats=5)
    old = await api.a_client()
    new = await api.a_client(client_code=old.key.entry.client_code)
    other = await api.a_client()
    clients = (old, new, other)

    before = [(await each.call(QUOTA, **codes_of(offering))).status_code for each in clients]
    await api.keys.retire(old.key.entry.id, "rina")
    after = [(await each.call(QUOTA, **codes_of(offering))).status_code for each in clients]

    assert before == [200, 200, 200]
    assert after == [401, 200, 200]
    assert old.key.entry.client_code == new.key.entry.client_code
    assert other.key.entry.client_code != new.key.entry.client_code
    with pytest.raises(PartnerKeyError, match="in use"):
        await api.keys.retire(old.key.entry.id, "rina")


async def test_what_is_done_to_keys_is_audited_without_them(api: Api):
    client = await api.a_client()
    await api.keys.retire(client.key.entry.id, "rina")

    question = select(audit_record.c.act, audit_record.c.by).order_by(audit_record.c.act)
    acts = await api.programme.database.read(lambda c: [tuple(r) for r in c.execute(question)])

    assert acts == [("PARTNER_KEY_MADE", "rina"), ("PARTNER_KEY_RETIRED", "rina")]
    while await api.programme.database.write(seal):
        pass
    assert (await api.programme.database.read(verify)).fault is None


async def test_sign_keys_are_sealed_and_bound_to_their_row(api: Api):
    client, other = await api.a_client(), await api.a_client(BUKALAPAK)
    database = api.programme.database
    rows = await database.read(lambda c: c.execute(select(partner_key)).all())
    assert client.key.sign_key.encode() not in b"".join(bytes(row.sealed) for row in rows)
    moved = next(row.sealed for row in rows if row.id == other.key.entry.id)

    await database.write(
        lambda c: c.execute(
            partner_key.update().where(partner_key.c.id == client.key.entry.id).values(sealed=moved)
        )
    )

    with pytest.raises(KeyringError):
        await api.keys.find(client.key.entry.client_code)


async def test_client_codes_belong_to_one_partner(api: Api):
    client = await api.a_client()
    code = client.key.entry.client_code

    with pytest.raises(PartnerKeyError, match="another partner's"):
        await api.keys.make(BUKALAPAK.code, code, "rina")
    with pytest.raises(PartnerKeyError, match="ambiguous"):
        await api.keys.make(TOKOPEDIA.code, f"{code}7", "rina")


async def test_without_keys_from_outside_nobody_can_be_let_in(api: Api):
    keys = PartnerKeys(api.programme.database, Vault(None), {TOKOPEDIA.code: TOKOPEDIA}, api.clock)

    with pytest.raises(KeyringError, match="MITRA_PARTNER_API_KEYS"):
        await keys.make(TOKOPEDIA.code, None, "rina")


async def test_a_partner_that_has_only_applied_cannot_call(api: Api):
    client = await api.a_client(APPLICANT)

    assert await client.fault("payment/status", invoice_code="X") == "ERRAUT40101"


async def test_what_is_no_call(api: Api):
    client = await api.a_client()
    large = json.dumps({"invoice_code": "x" * 70_000}).encode()
    path, headers, _ = client.prepare("payment/status", invoice_code="X")

    unknown = await client.fault("payment/refund")
    huge = (await client.send(path, headers, large)).json()["code"]

    assert (unknown, huge) == ("ERRPLT40401", "ERRPLT41301")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 60_000, b'"text"'])
async def test_what_is_signed_and_no_json(api: Api, body: bytes):
    client = await api.a_client()
    path, headers, _ = client.prepare("payment/status")
    code, stamp = headers["Client_code"], headers["timestamp"]
    text = f"{code}{stamp}POST{path}".encode() + body
    headers["signature"] = sign(client.key.sign_key, text)

    response = await client.send(path, headers, body)

    assert (response.status_code, response.json()["code"]) == (400, "ERRPLT40001")


FIELDS = {
    QUOTA: ("course_code", "schedule_code"),
    "payment/send-otp": ("prakerja_id", "course_code", "schedule_code", "amount"),
    "payment/authorize": ("otp", "invoice_url", "invoice_code"),
    "payment/status": ("invoice_code",),
    "payment/void": ("invoice_code", "transaction_code"),
    "payment/redeem-code/status": ("redeem_code", "sequence"),
    "payment/redeem-code/commit": ("redeem_code", "sequence"),
    "payment/redeem-code/reset": ("redeem_code", "sequence"),
    "oauth/url-generate": ("redeem_code", "redirect_uri", "email", "sequence"),
}
ODD = [None, "", "\x00", "'; --", "x" * 5_000, "é\u202e", -1, 2**70, 1e300, 1.5, True, [], {"a": 1}]


@pytest.mark.parametrize("path", list(FIELDS))
async def test_whatever_is_signed_gets_an_answer_that_was_meant(api: Api, path: str):
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
    await client.buy(offering, "budi")
    fine = {
        **an_order(offering),
        "otp": "123456",
        "invoice_url": "",
        "invoice_code": INVOICE,
        "transaction_code": "T",
        "redeem_code": "R",
        "sequence": 1,
        "redirect_uri": "https://lms.test",
        "email": "siti@example.id",
    }

    for name in FIELDS[path]:
        for odd in ODD:
            told = {each: fine[each] for each in FIELDS[path]} | {name: odd}
            answer = await client.call(path, "token", **told)
            body = answer.json()
            assert answer.status_code < 500, (name, odd)
            assert body["success"] or body["code"] != "ERRPLT40099", (name, odd)


async def test_what_nobody_expected_is_logged_by_id_and_masked(api: Api):
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)

    async def breaks(*_: object) -> None:
        raise RuntimeError("siti's password is 123456")

    api.pigeon.deliver = breaks
    call = client.prepare("payment/send-otp", **an_order(offering))
    with capture_logs() as logs:
        response = await client.send(*call)

    told = response.json()
    assert (response.status_code, told["code"]) == (400, "ERRPLT40099")
    [entry] = [each for each in logs if each["event"] == "partner_api.unexpected_error"]
    assert entry["error_id"] in told["message"]
    assert "siti" not in repr(logs) + response.text
    del api.pigeon.deliver
    assert (await client.send(*call)).status_code == 200  # nothing was answered, so it may repeat


async def test_a_delivery_that_hangs_is_not_waited_for(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gateway.partner_api.purchases.DELIVERY_SECONDS", 0.01)
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)

    async def hangs(*_: object) -> None:
        await asyncio.Event().wait()

    api.pigeon.deliver = hangs

    assert await client.fault("payment/send-otp", **an_order(offering)) == "ERROTP40003"


async def test_production_without_a_delivery_says_so(ledger_db: Database):
    api = Api(ledger_db, delivery=None)
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)

    assert await client.fault("payment/send-otp", **an_order(offering)) == "ERROTP40003"


async def test_guessing_is_locked_for_the_token_and_the_learner(api: Api):
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
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
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
    for learner in ("a", "b", "c"):
        token = await client.token(offering, learner)
        paying = client.paying(learner)
        wrong = {**paying, "otp": a_wrong(paying["otp"])}
        assert await client.fault("payment/authorize", token, **wrong) == "ERROTP40001"

    assert await client.fault("payment/send-otp", **an_order(offering, "d")) == "ERROTP40002"


async def test_passwords_are_sent_three_times_in_ten_minutes(api: Api):
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
    for _ in range(3):
        await client.token(offering)
        api.clock.advance(seconds=1)

    assert await client.fault("payment/send-otp", **an_order(offering)) == "ERROTP42901"
    api.clock.advance(minutes=10)
    await client.token(offering)


async def test_payment_tokens_expire(api: Api):
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
    token = await client.token(offering)

    api.clock.advance(minutes=10)

    assert await client.fault("payment/authorize", token, **client.paying()) == "ERRAUT40103"
    assert await client.fault("payment/authorize", None, **client.paying()) == "ERRAUT40103"


async def test_a_password_of_another_token_is_wrong(api: Api):
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
    first = await client.token(offering)
    await client.token(offering, "budi")

    assert await client.fault("payment/authorize", first, **client.paying("budi")) == "ERROTP40001"


async def test_logs_know_no_learner_no_address_and_no_password(
    api: Api, capfd: pytest.CaptureFixture[str]
):
    client, offering = await api.a_client(), api.programme.shelf.put("kopi", seats=5)
    learner, email = "canary-learner-7731", "canary-7731@example.id"
    with capture_logs() as logs:
        token = await client.token(offering, learner)
        paying = client.paying(learner)
        wrong = {**paying, "otp": a_wrong(paying["otp"])}
        await client.fault("payment/authorize", token, **wrong)
        await client.data("payment/authorize", token, **paying)
        asking = {"redeem_code": "X", "redirect_uri": "https://lms.test", "email": email}
        await client.fault("oauth/url-generate", **asking)
        await client.fault("payment/authorize", "no-token", **paying)

    out = capfd.readouterr()
    written = repr(logs) + out.out + out.err
    for canary in (learner, email, paying["otp"], token, client.key.sign_key):
        assert canary not in written


def a_wrong(password: str) -> str:
    return f"{(int(password) + 1) % 1_000_000:06}"


def test_the_base_has_no_prefix():
    assert BASE == "/api/v1/integration/"
