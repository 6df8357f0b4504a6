"""What nobody expected: it is answered as was meant, and logged without a word of the learner."""

import pytest
from structlog.testing import capture_logs

from tests.integration.partner_api.partners import INVOICE, QUOTA, Api, a_wrong, an_order

pytestmark = pytest.mark.anyio

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
    client, offering = await api.a_sale()
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
    client, offering = await api.a_sale()

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


async def test_logs_know_no_learner_no_address_and_no_password(
    api: Api, capfd: pytest.CaptureFixture[str]
):
    client, offering = await api.a_sale()
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
