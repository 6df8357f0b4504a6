"""Which tokens prove who is asking."""

import base64
import json
import stat
from datetime import timedelta

import jwt
import pytest

from gateway.web import identity
from gateway.web.identity import (
    ALGORITHM,
    AUDIENCE,
    ISSUER,
    KEY_FILE,
    InvalidTokenError,
    TokenVerifier,
    build_verifier,
    issue_token,
    read_development_key,
)
from schema.model.viewer import ANONYMOUS, Role, Viewer

KEY = bytes(range(32))
FAR = 4_000_000_000  # an instant in the year 2096
FINE = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "siti",
    "role": "learner",
    "iat": 1_500_000_000,
    "exp": FAR,
}


def signed(key: bytes = KEY, algorithm: str = ALGORITHM, headers=None, **changes) -> str:
    claims = {name: value for name, value in {**FINE, **changes}.items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers=headers)


def unsigned(**header) -> str:
    parts = ({"alg": "none", "typ": "JWT", **header}, FINE)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    return b".".join([*encoded, b""]).decode()


def test_a_learners_token_names_the_learner():
    viewer = TokenVerifier(KEY).identify(f"Bearer {signed()}")

    assert viewer == Viewer(roles=frozenset({Role.LEARNER}), learner="siti", subject="siti")


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.LEARNER}))
def test_other_roles_are_no_learners(role: Role):
    viewer = TokenVerifier(KEY).verify(signed(role=role.value))

    assert viewer == Viewer(roles=frozenset({role}), learner=None, subject="siti")


def test_without_a_header_nobody_asks():
    assert TokenVerifier(KEY).identify(None) is ANONYMOUS


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic c2l0aTpzaXRp", "x" * 9_000])
def test_another_header_is_refused(header: str):
    with pytest.raises(InvalidTokenError):
        TokenVerifier(KEY).identify(header)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(signed(key=bytes(32)), id="other-key"),
        pytest.param(signed(key=KEY * 2, algorithm="HS512"), id="other-algorithm"),
        pytest.param(unsigned(), id="alg-none"),
        pytest.param(unsigned(alg="HS256"), id="no-signature"),
        pytest.param(signed(headers={"crit": ["b64"], "b64": False}), id="crit"),
        pytest.param(signed(iss="someone"), id="other-issuer"),
        pytest.param(signed(aud="elsewhere"), id="other-audience"),
        pytest.param(signed(exp=None), id="never-expires"),
        pytest.param(signed(exp=1_600_000_000), id="expired"),
        pytest.param(signed(nbf=FAR), id="not-yet"),
        pytest.param(signed(iat=FAR), id="from-the-future"),
        pytest.param(signed(sub=None), id="no-subject"),
        pytest.param(signed(sub=""), id="empty-subject"),
        pytest.param(signed(sub="a\x00b"), id="unprintable-subject"),
        pytest.param(signed(sub="x" * 256), id="long-subject"),
        pytest.param(signed(role=None), id="no-role"),
        pytest.param(signed(role="emperor"), id="unknown-role"),
        pytest.param(signed(role=["learner"]), id="role-of-another-type"),
        pytest.param(signed(padding="x" * 8_192), id="too-long"),
        pytest.param("not.a.token", id="garbage"),
        pytest.param("\ud800", id="lone-surrogate"),
        pytest.param("", id="empty"),
    ],
)
def test_a_token_that_proves_nothing_is_refused(token: str):
    with pytest.raises(InvalidTokenError):
        TokenVerifier(KEY).verify(token)


def test_a_refusal_says_nothing_of_the_token():
    with pytest.raises(InvalidTokenError) as caught:
        TokenVerifier(KEY).verify(signed(iss="someone"))

    assert str(caught.value) == "The bearer token is not valid; sign in again."


def test_a_verified_token_is_remembered_until_it_expires(monkeypatch: pytest.MonkeyPatch):
    now = [1_600_000_000.0]
    verifier = TokenVerifier(KEY, clock=lambda: now[0])
    token = signed()
    viewer = verifier.verify(token)
    verifications = []
    monkeypatch.setattr(identity.jwt, "decode", lambda *a, **k: verifications.append(a) or FINE)

    again = verifier.verify(token)
    before_expiry = len(verifications)
    now[0] = FAR
    verifier.verify(token)

    assert again is viewer
    assert (before_expiry, len(verifications)) == (0, 1)


def test_memory_of_tokens_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(identity, "REMEMBERED", 3)
    verifier = TokenVerifier(KEY)

    for number in range(10):
        verifier.verify(signed(sub=f"learner-{number}"))

    assert len(verifier._remembered) == 3


def test_a_refused_token_is_not_remembered():
    verifier = TokenVerifier(KEY)

    with pytest.raises(InvalidTokenError):
        verifier.verify(signed(iss="someone"))

    assert not verifier._remembered


def test_the_development_issuers_tokens_are_trusted_in_development(tmp_path):
    token = issue_token(tmp_path, Role.LEARNER, "siti", scopes=["enrol"])

    viewer = build_verifier(tmp_path, is_development=True).verify(token)

    assert viewer.learner == "siti"


def test_in_production_no_token_is_trusted(tmp_path):
    token = issue_token(tmp_path, Role.OPERATOR, "admin")
    verifier = build_verifier(tmp_path, is_development=False)

    with pytest.raises(InvalidTokenError):
        verifier.verify(token)
    assert verifier.identify(None) is ANONYMOUS


def test_a_token_lives_as_long_as_it_was_issued_for(tmp_path):
    token = issue_token(
        tmp_path, Role.LEARNER, "siti", lifetime=timedelta(minutes=5), clock=lambda: 1_000
    )

    claims = jwt.decode(token, options={"verify_signature": False})

    assert (claims["iat"], claims["exp"]) == (1_000, 1_300)


def test_a_token_is_not_issued_to_an_unprintable_subject(tmp_path):
    with pytest.raises(ValueError, match="printable"):
        issue_token(tmp_path, Role.LEARNER, "a\nb")


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path):
    first, second = read_development_key(tmp_path), read_development_key(tmp_path)

    path = tmp_path / KEY_FILE
    assert first == second
    assert len(first) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_key_says_what_to_do(tmp_path):
    (tmp_path / KEY_FILE).write_bytes(b"short")

    with pytest.raises(ValueError, match="delete it"):
        read_development_key(tmp_path)
