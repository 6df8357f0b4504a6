"""How calls are signed: the published vector, the published clients' ways, and nothing else."""

import json
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.partner_api.signature import (
    WINDOW,
    Form,
    SignedCall,
    is_timely,
    parse,
    sign,
    verify,
)

KEY, OTHER = "my_sign_key", "another_key"
PATH = "/api/v1/integration/payment/redeem-code/commit"
NOW = datetime(2018, 1, 18, 1, 30, 22, tzinfo=UTC)
STAMP = b"1516239022"


def a_call(body: bytes, authorization: bytes | None = None) -> SignedCall:
    return SignedCall(b"myclient_code", STAMP, "POST", PATH, authorization, body)


def form_of(call: SignedCall, signature: str, *keys: str, lenient: bool = True) -> Form | None:
    parsed = parse(call.body) if lenient else None
    return verify(call, signature.encode(), keys or (KEY,), parsed)


def test_we_sign_as_the_published_example_does():
    call = a_call(b'{"redeem_code":"code"}')

    signature = sign(KEY, call.text(call.body))

    assert signature == "943c20a8e36b6243f576404b00fffdc86411ce1f"
    assert form_of(call, signature) is Form.AS_SENT


def test_the_authorization_is_signed_between_path_and_body():
    call = a_call(b"{}", b"Payment token")

    assert call.text(b"{}") == f"myclient_code1516239022POST{PATH}Payment token{{}}".encode()


def test_pythons_client_signs_compact_and_sends_spaces():
    told = {"redeem_code": "X", "sequence": 1}
    compact = json.dumps(told, separators=(",", ":")).encode()
    call = a_call(json.dumps(told).encode())

    signature = sign(KEY, call.text(compact))

    assert call.body != compact
    assert form_of(call, signature) is Form.COMPACT
    assert form_of(call, signature, lenient=False) is None


def test_phps_client_signs_unescaped_and_sends_escaped():
    call = a_call(rb'{"redirect_uri":"https:\/\/lms.test\/kelas","nama":"Caf\u00e9"}')
    unescaped = '{"redirect_uri":"https://lms.test/kelas","nama":"Café"}'.encode()

    assert form_of(call, sign(KEY, call.text(unescaped))) is Form.COMPACT


def test_keys_keep_the_order_in_which_they_were_sent():
    call = a_call(b'{"b": 1, "a": 2}')

    assert form_of(call, sign(KEY, call.text(b'{"b":1,"a":2}'))) is Form.COMPACT
    assert form_of(call, sign(KEY, call.text(b'{"a":2,"b":1}'))) is None


def test_each_of_several_keys_is_good():
    call = a_call(b"{}")

    assert form_of(call, sign(OTHER, call.text(b"{}")), KEY, OTHER) is Form.AS_SENT
    assert form_of(call, sign(OTHER, call.text(b"{}")), KEY) is None


@pytest.mark.parametrize("signature", ["", "0" * 40, "9" * 39, "943C" + "0" * 36, "é" * 40])
def test_what_is_no_signature_signs_nothing(signature: str):
    assert form_of(a_call(b"{}"), signature) is None


@given(st.dictionaries(st.text(), st.text() | st.integers(0, 10**9)), st.integers(0), st.integers())
def test_a_changed_byte_is_refused(told: dict[str, str | int], place: int, flip: int):
    body = orjson.dumps(told)
    signature = sign(KEY, a_call(body).text(body))
    changed = bytearray(body)
    changed[place % len(body)] ^= flip % 255 + 1
    means_the_same = (parsed := parse(bytes(changed))) is not None and orjson.dumps(parsed) == body

    found = form_of(a_call(bytes(changed)), signature)

    assert (found is None) is not means_the_same


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"\xff", b"[" * 5_000, b'{"a":NaN}'])
def test_what_is_no_json_object_is_not_read(body: bytes):
    assert parse(body) is None


@pytest.mark.parametrize("sign_of_time", [-1, 1])
def test_clocks_may_be_five_minutes_apart_and_no_more(sign_of_time: int):
    edge = NOW + sign_of_time * WINDOW

    assert is_timely(STAMP, edge)
    assert not is_timely(STAMP, edge + sign_of_time * timedelta(microseconds=1))


@pytest.mark.parametrize("stamp", [b"", b"+1516239022", b"1516239022.0", b"15162 39022", b"9" * 40])
def test_what_is_no_timestamp_is_never_timely(stamp: bytes):
    assert not is_timely(stamp, NOW)
