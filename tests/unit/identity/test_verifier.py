"""Which tokens prove who is asking."""

import base64
import json

import jwt
import pytest

from gateway.identity import tokens, verifier
from gateway.identity.api_keys import PREFIX
from gateway.identity.development import ALGORITHM, AUDIENCE, ISSUER, DevelopmentIssuer
from gateway.identity.errors import InvalidTokenError
from gateway.identity.verifier import TokenVerifier
from schema.model.viewer import ANONYMOUS, Role, Viewer

pytestmark = pytest.mark.anyio

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


def a_verifier(**options) -> TokenVerifier:
    return TokenVerifier([DevelopmentIssuer(KEY)], **options)


def unsigned(**header) -> str:
    parts = ({"alg": "none", "typ": "JWT", **header}, FINE)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    return b".".join([*encoded, b""]).decode()


async def test_a_learners_token_names_the_learner():
    viewer = await a_verifier().identify(f"Bearer {signed()}")

    assert viewer == Viewer(roles=frozenset({Role.LEARNER}), learner="siti", subject="siti")


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.LEARNER}))
async def test_other_roles_are_no_learners(role: Role):
    viewer = await a_verifier().verify(signed(role=role.value))

    partner = "siti" if role is Role.PARTNER else None
    assert viewer == Viewer(frozenset({role}), learner=None, subject="siti", partner=partner)


async def test_without_a_header_nobody_asks():
    assert await a_verifier().identify(None) is ANONYMOUS


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic c2l0aTpzaXRp", "x" * 9_000])
async def test_another_header_is_refused(header: str):
    with pytest.raises(InvalidTokenError):
        await a_verifier().identify(header)


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
        pytest.param(signed(headers={"jku": "https://x.test/keys"}), id="jku"),
        pytest.param(signed(headers={"typ": "dpop+jwt"}), id="of-another-use"),
        pytest.param(signed(headers={"kid": "k" * 129}), id="long-key-id"),
        pytest.param(f"{PREFIX}01234567_{'a' * 43}", id="api-key-where-there-are-none"),
        pytest.param(signed(role=["learner"]), id="role-of-another-type"),
        pytest.param(signed(padding="x" * 8_192), id="too-long"),
        pytest.param("not.a.token", id="garbage"),
        pytest.param("\ud800", id="lone-surrogate"),
        pytest.param("", id="empty"),
    ],
)
async def test_a_token_that_proves_nothing_is_refused(token: str):
    with pytest.raises(InvalidTokenError):
        await a_verifier().verify(token)


async def test_a_refusal_says_nothing_of_the_token():
    with pytest.raises(InvalidTokenError) as caught:
        await a_verifier().verify(signed(iss="someone"))

    assert str(caught.value) == "The bearer token is not valid; sign in again."


async def test_a_verified_token_is_remembered_until_it_expires(monkeypatch: pytest.MonkeyPatch):
    now = [1_600_000_000.0]
    door = a_verifier(clock=lambda: now[0])
    token = signed()
    viewer = await door.verify(token)
    verifications = []
    monkeypatch.setattr(tokens.jwt, "decode", lambda *a, **k: verifications.append(a) or FINE)

    again = await door.verify(token)
    before_expiry = len(verifications)
    now[0] += verifier.REMEMBER_SECONDS
    await door.verify(token)
    after_a_while = len(verifications)
    now[0] = FAR
    await door.verify(token)

    assert again is viewer
    assert (before_expiry, after_a_while, len(verifications)) == (0, 1, 2)


async def test_memory_of_tokens_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(verifier, "REMEMBERED", 3)
    door = a_verifier()

    for number in range(10):
        await door.verify(signed(sub=f"learner-{number}"))

    assert len(door._remembered) == 3


async def test_who_has_not_come_again_is_forgotten_when_the_next_comes():
    now = [1_600_000_000.0]
    door = a_verifier(clock=lambda: now[0])
    for number in range(3):
        await door.verify(signed(sub=f"learner-{number}"))

    now[0] += verifier.REMEMBER_SECONDS
    await door.verify(signed(sub="the-next"))

    assert [proof.viewer.subject for proof in door._remembered.values()] == ["the-next"]


async def test_who_comes_again_is_not_forgotten_with_those_who_came_before():
    now = [1_600_000_000.0]
    door = a_verifier(clock=lambda: now[0])
    again = signed(sub="again")
    await door.verify(again)
    await door.verify(signed(sub="once"))
    now[0] += verifier.REMEMBER_SECONDS
    await door.verify(again)

    now[0] += 1
    await door.verify(signed(sub="the-next"))

    known = [proof.viewer.subject for proof in door._remembered.values()]
    assert known == ["again", "the-next"]


async def test_bearers_of_the_same_roles_and_scopes_have_them_in_one_place():
    door = a_verifier()

    one, other = [await door.verify(signed(sub=each, scope="a b")) for each in ("one", "other")]

    assert one.roles is other.roles
    assert one.scopes is other.scopes


async def test_a_refused_token_is_not_remembered():
    door = a_verifier()

    with pytest.raises(InvalidTokenError):
        await door.verify(signed(iss="someone"))

    assert not door._remembered


async def test_with_no_issuer_nobody_is_believed():
    with pytest.raises(InvalidTokenError, match="trusts no issuer"):
        await TokenVerifier().verify(signed())
