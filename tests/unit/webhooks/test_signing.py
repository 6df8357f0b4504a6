"""Signatures by the Standard Webhooks specification, and what is none."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.webhooks.signing import Envelope, is_signed, is_timely, new_secret, sign

AT = datetime(2020, 4, 11, 9, 0, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def enveloped(body: bytes = BODY, secret: str = SECRET, at: datetime = AT) -> Envelope:
    stamp = str(int(at.timestamp()))
    return Envelope("msg_1", stamp, sign(secret, "msg_1", at, body))


def test_we_sign_as_the_specifications_example_does():
    at = datetime.fromtimestamp(1614265330, UTC)

    signed = sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, BODY)

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    envelope = Envelope("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", signed)
    assert is_signed(envelope, BODY, [SECRET])


def test_one_of_several_secrets_and_one_of_several_signatures_is_enough():
    good = enveloped()
    several = Envelope(good.message_id, good.timestamp, f"v1,AAAA v1a,BBBB {good.signatures} x")

    assert is_signed(several, BODY, [new_secret(), SECRET, new_secret()])
    assert not is_signed(several, BODY, [new_secret()])


@pytest.mark.parametrize(
    "signatures",
    ["", "v1", "v1,", "v1,not base64!", "v2,AAAA", ",", " ", "v1 v1,", "v1,\xff", "v1,AAAA"],
)
def test_what_is_no_signature_is_refused_and_never_fails(signatures: str):
    good = enveloped()

    assert not is_signed(Envelope(good.message_id, good.timestamp, signatures), BODY, [SECRET])


@pytest.mark.parametrize("stamp", ["", "x", "-1", "1.5", "1e9", "999999999999", " 1586595600", "0"])
def test_what_is_no_time_is_refused(stamp: str):
    good = enveloped()
    envelope = Envelope(good.message_id, stamp, good.signatures)

    assert not is_signed(envelope, BODY, [SECRET])
    assert not is_timely(envelope, AT)


def test_a_re_serialised_body_is_another_body():
    assert not is_signed(enveloped(), BODY.replace(b": ", b":"), [SECRET])
    assert not is_signed(enveloped(), b"\xff\xfe", [SECRET])


@pytest.mark.parametrize(
    ("minutes", "is_good"), [(0, True), (5, True), (-5, True), (6, False), (-6, False)]
)
def test_clocks_may_be_five_minutes_apart(minutes: int, is_good: bool):
    assert is_timely(enveloped(), AT + timedelta(minutes=minutes)) is is_good


@given(body=st.text(max_size=200), place=st.integers(0, 10_000))
def test_any_changed_byte_is_refused(body: str, place: int):
    raw = body.encode() + b"."
    envelope = enveloped(raw)
    changed = bytearray(raw)
    changed[place % len(raw)] ^= 1

    assert is_signed(envelope, raw, [SECRET])
    assert not is_signed(envelope, bytes(changed), [SECRET])


def test_a_signature_is_the_same_in_every_zone():
    elsewhere = AT.astimezone(datetime.now().astimezone().tzinfo)

    assert sign(SECRET, "a", elsewhere, BODY) == sign(SECRET, "a", AT, BODY)


def test_new_secrets_are_as_the_specification_writes_them():
    secret = new_secret()

    assert secret.startswith("whsec_")
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64
    assert secret != new_secret()
