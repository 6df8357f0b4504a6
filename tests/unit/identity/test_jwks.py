"""Which keys of a set are taken."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.identity.jwks import MOST_KEYS, KeySetError, to_keys
from tests.unit.identity.keys import JWKS, RSA, to_jwk

A_KEY = to_jwk(RSA, "k")
WEAK_KEY = rsa.generate_private_key(65_537, 1_024)  # noqa: S505 - to be refused


def test_a_key_may_sign_only_as_its_kind_does():
    found = to_keys(json.dumps(JWKS).encode())

    assert {name: set(key.algorithms) for name, key in found.items()} == {
        "rsa": {"RS256", "PS256"},
        "ec": {"ES256"},
        "ed": {"EdDSA"},
    }


def test_a_key_that_names_its_algorithm_signs_with_no_other():
    body = json.dumps({"keys": [{**A_KEY, "alg": "PS256"}]}).encode()

    assert to_keys(body)["k"].algorithms == {"PS256"}


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"kty": "oct", "kid": "k", "k": "AAAA"}, id="secret"),
        pytest.param({**A_KEY, "d": "AAAA"}, id="private"),
        pytest.param({**A_KEY, "use": "enc"}, id="to-encrypt"),
        pytest.param({**A_KEY, "alg": "RS512"}, id="other-algorithm"),
        pytest.param({**A_KEY, "kid": None}, id="nameless"),
        pytest.param({**A_KEY, "kid": "k" * 129}, id="long-name"),
        pytest.param({**A_KEY, "kty": ["RSA"]}, id="kind-of-another-type"),
        pytest.param({**A_KEY, "n": "AA"}, id="broken"),
        pytest.param(to_jwk(WEAK_KEY, "k"), id="weak"),
        pytest.param(to_jwk(ec.generate_private_key(ec.SECP384R1()), "k"), id="other-curve"),
        pytest.param("k", id="no-object"),
    ],
)
def test_a_key_that_is_of_no_use_is_left_out(entry):
    assert to_keys(json.dumps({"keys": [entry, to_jwk(RSA, "good")]}).encode()).keys() == {"good"}


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[]", b"{}", b'{"keys":{}}', json.dumps({"keys": [A_KEY] * (MOST_KEYS + 1)})],
)
def test_what_is_no_key_set_is_refused(body):
    with pytest.raises(KeySetError):
        to_keys(body if isinstance(body, bytes) else body.encode())
