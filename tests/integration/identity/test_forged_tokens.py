"""Forged tokens are refused, and make us ask nobody anything."""

import base64
import json
import time
from collections.abc import AsyncIterator, Callable

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.identity.development import DevelopmentIssuer
from gateway.identity.errors import InvalidTokenError
from gateway.identity.oidc import OidcIssuer
from gateway.identity.verifier import TokenVerifier
from gateway.parts.identity import build_provider
from gateway.settings import Profile, Settings
from schema.model.catalogue import Partner
from schema.model.values import PartnerCode, PartnerKind, PartnerState
from schema.model.viewer import Role, Viewer
from tests.integration.identity.provider import CountingServer, running_provider
from tests.unit.identity.keys import AUDIENCE, EC, ED, OTHER_RSA, RSA, a_token, to_jwk

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def provider():
    with running_provider() as server:
        yield server


@pytest.fixture
async def door(provider: CountingServer) -> AsyncIterator[TokenVerifier]:
    """Believe the provider, which is known already, and the development issuer."""
    issuer = issuer_of(provider, oidc_partner_claim="partner.code")
    verifier = TokenVerifier([issuer, DevelopmentIssuer(bytes(32))])
    await verifier.verify(a_token(iss=provider.url))
    provider.asked.clear()
    yield verifier
    await issuer.aclose()


def issuer_of(provider: CountingServer, **settings: str) -> OidcIssuer:
    """Return the provider as a gateway of two partners believes it."""
    told = Settings(
        profile=Profile.DEVELOPMENT,
        oidc_issuer=provider.url,
        oidc_audience=(AUDIENCE,),
        **settings,
    )
    issuer = build_provider(told, {each.code: each for each in (TOKO, SUSPENDED)})
    assert issuer is not None
    return issuer


def a_partner(code: str, state: PartnerState) -> Partner:
    return Partner(PartnerCode(code), code, PartnerKind.MARKETPLACE, state)


TOKO = a_partner("tokopedia", PartnerState.ACTIVE)
SUSPENDED = a_partner("suspended", PartnerState.SUSPENDED)
PUBLIC_PEM = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
FAR = 4_000_000_000
EVIL = "http://127.0.0.1:9/evil"
NOW = int(time.time())


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def with_header(token: str, **header: object) -> str:
    """Return a token under another header than it was signed with."""
    return ".".join([encoded(header), *token.split(".")[1:]])


def hmac_signed(iss: str) -> str:
    """Return a token whose HMAC key is the public key, which everybody knows."""
    header, claims, _ = with_header(a_token(iss=iss), alg="HS256", kid="rsa").split(".")
    key = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = key.sign(f"{header}.{claims}".encode(), PUBLIC_PEM)
    return f"{header}.{claims}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


FORGED: dict[str, Callable[[str], str]] = {
    "alg none": lambda iss: with_header(a_token(iss=iss), alg="none").rsplit(".", 1)[0] + ".",
    "alg None": lambda iss: with_header(a_token(iss=iss), alg="nOnE", kid="rsa"),
    "HMAC with the public key": hmac_signed,
    "no signature": lambda iss: a_token(iss=iss).rsplit(".", 1)[0] + ".",
    "other claims, old signature": lambda iss: ".".join(
        [*a_token(iss=iss, roles=["operator"]).split(".")[:2], a_token(iss=iss).split(".")[2]]
    ),
    "unknown kid": lambda iss: a_token(OTHER_RSA, kid="unknown", iss=iss),
    "kid that is a path": lambda iss: a_token(OTHER_RSA, kid="../../../../etc/passwd", iss=iss),
    "kid that is SQL": lambda iss: a_token(OTHER_RSA, kid="' OR 1=1 --", iss=iss),
    "kid that is an address": lambda iss: a_token(OTHER_RSA, kid=EVIL, iss=iss),
    "kid that is no text": lambda iss: with_header(a_token(iss=iss), alg="RS256", kid=["rsa"]),
    "no kid": lambda iss: a_token(kid=None, iss=iss),
    "jku": lambda iss: a_token(OTHER_RSA, iss=iss, header={"jku": EVIL}),
    "x5u": lambda iss: a_token(OTHER_RSA, iss=iss, header={"x5u": EVIL}),
    "jwk": lambda iss: a_token(OTHER_RSA, iss=iss, header={"jwk": to_jwk(OTHER_RSA, "rsa")}),
    "crit": lambda iss: a_token(iss=iss, header={"crit": ["exp"]}),
    "JWE": lambda iss: ".".join(
        [encoded({"alg": "RSA-OAEP", "enc": "A256GCM", "zip": "DEF"}), "AA", "AA", "A" * 4_000, iss]
    ),
    "100 KB": lambda iss: a_token(iss=iss, padding="x" * 100_000),
    "wrong issuer": lambda _: a_token(iss="https://login.evil.test"),
    "wrong audience": lambda iss: a_token(iss=iss, aud="another-api"),
    "no audience": lambda iss: a_token(iss=iss, aud=None),
    "expired": lambda iss: a_token(iss=iss, exp=NOW - 120),
    "not yet good": lambda iss: a_token(iss=iss, nbf=FAR),
    "never expires": lambda iss: a_token(iss=iss, exp=None),
    "from the future": lambda iss: a_token(iss=iss, iat=FAR),
    "another realm's key": lambda iss: a_token(OTHER_RSA, iss=iss),
    "a key of another kind": lambda iss: a_token(EC, "ES256", kid="rsa", iss=iss),
    "ID token": lambda iss: a_token(iss=iss, nonce="n-0S6_WzA2Mj", at_hash="MTIzNDU2Nzg5MDEy"),
    "ID token by its kind": lambda iss: a_token(iss=iss, typ="ID"),
    "log-out token": lambda iss: a_token(iss=iss, header={"typ": "logout+jwt"}),
    "empty subject": lambda iss: a_token(iss=iss, sub=""),
    "no subject": lambda iss: a_token(iss=iss, sub=None),
    "subject of control characters": lambda iss: a_token(iss=iss, sub="a\nb"),
    "role of nonsense": lambda iss: a_token(iss=iss, roles=["emperor"]),
    "no role": lambda iss: a_token(iss=iss, roles=None),
    "nested header": lambda _: base64.urlsafe_b64encode(b"[" * 700).decode() + ".AA.AA",
    "not base64": lambda _: "\u00e9.\u00e9.\u00e9",
}


@pytest.mark.parametrize("forged", list(FORGED))
async def test_a_forged_token_is_refused_and_makes_us_ask_nobody(
    forged: str, door: TokenVerifier, provider: CountingServer
):
    with pytest.raises(InvalidTokenError) as caught:
        await door.verify(FORGED[forged](provider.url))

    assert provider.asked == []
    assert EVIL not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"),
    [(RSA, "RS256", "rsa"), (RSA, "PS256", "rsa"), (EC, "ES256", "ec"), (ED, "EdDSA", "ed")],
)
async def test_an_access_token_is_believed(key, algorithm, kid, door, provider):
    viewer = await door.verify(
        a_token(key, algorithm, kid, iss=provider.url, scope="enrol", aud=["x", AUDIENCE])
    )

    roles, scopes = frozenset({Role.LEARNER}), frozenset({"enrol"})
    assert viewer == Viewer(roles, learner="siti", subject="siti", scopes=scopes)  # type: ignore[arg-type]
    assert provider.asked == []


async def test_an_access_token_of_before_rfc_9068_is_believed(door, provider):
    viewer = await door.verify(
        a_token(
            header={"typ": "JWT"},
            iss=provider.url,
            typ="Bearer",
            roles=None,
            realm_access={"roles": ["offline_access", "operator"]},
        )
    )

    assert viewer.roles == {Role.OPERATOR}


async def test_a_partners_token_names_its_partner(door, provider):
    token = a_token(iss=provider.url, roles=["partner"], partner={"code": "tokopedia"}, sub="budi")

    viewer = await door.verify(token)

    assert viewer == Viewer(frozenset({Role.PARTNER}), subject="budi", partner=TOKO.code)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        pytest.param(None, "does not say which", id="missing"),
        pytest.param("tokopedia", "does not say which", id="elsewhere"),
        pytest.param({"code": ""}, "does not say which", id="empty"),
        pytest.param({"code": ["tokopedia"]}, "does not say which", id="several"),
        pytest.param({"code": "nobody"}, "no partner that may ask", id="unknown"),
        pytest.param({"code": "Tokopedia"}, "no partner that may ask", id="spelled-otherwise"),
        pytest.param({"code": "suspended"}, "no partner that may ask", id="suspended"),
    ],
)
@pytest.mark.parametrize("roles", [["partner"], ["partner", "operator"]])
async def test_a_partners_token_without_a_partner_is_refused_and_told_why(
    told, why, roles, door, provider
):
    with pytest.raises(InvalidTokenError, match=why):
        await door.verify(a_token(iss=provider.url, roles=roles, partner=told))


async def test_without_a_claim_that_is_set_the_role_of_a_partner_means_nothing(provider):
    issuer = issuer_of(provider)
    door = TokenVerifier([issuer])
    both = a_token(iss=provider.url, roles=["partner", "operator"], partner={"code": "tokopedia"})

    viewer = await door.verify(both)
    with pytest.raises(InvalidTokenError, match="use an API key"):
        await door.verify(a_token(iss=provider.url, roles=["partner"]))

    assert (viewer.roles, viewer.partner) == (frozenset({Role.OPERATOR}), None)
    await issuer.aclose()


async def test_clocks_may_differ_a_little(door, provider):
    now = int(time.time())

    assert await door.verify(a_token(iss=provider.url, exp=now - 15))
    assert await door.verify(a_token(iss=provider.url, nbf=now + 15, iat=now + 15))
