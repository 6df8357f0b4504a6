"""A provider for tests: a signing key, its public set, and access tokens as providers make them."""

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

ISSUER = "https://login.test/realms/mitra"
AUDIENCE = "mitra-api"
RSA = rsa.generate_private_key(65_537, 2_048)
OTHER_RSA = rsa.generate_private_key(65_537, 2_048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()


def to_jwk(key: Any, key_id: str, **more: Any) -> dict[str, Any]:
    """Return a public key as a provider tells it."""
    makers = {rsa.RSAPrivateKey: jwt.algorithms.RSAAlgorithm}
    makers[ec.EllipticCurvePrivateKey] = jwt.algorithms.ECAlgorithm
    makers[ed25519.Ed25519PrivateKey] = jwt.algorithms.OKPAlgorithm
    [maker] = [maker for kind, maker in makers.items() if isinstance(key, kind)]
    told = json.loads(maker.to_jwk(key.public_key()))
    return {**told, "kid": key_id, "use": "sig", "key_ops": ["verify"], **more}


JWKS = {"keys": [to_jwk(RSA, "rsa"), to_jwk(EC, "ec"), to_jwk(ED, "ed")]}


def a_token(
    key: Any = RSA,
    algorithm: str = "RS256",
    kid: str | None = "rsa",
    header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """Return an access token; a claim that is None is left out."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "siti",
        "iat": now,
        "exp": now + 300,
        "roles": ["learner"],
        **changes,
    }
    told = {name: value for name, value in claims.items() if value is not None}
    headers = {"typ": "at+jwt", **({"kid": kid} if kid else {}), **(header or {})}
    return jwt.encode(told, key, algorithm=algorithm, headers=headers)
