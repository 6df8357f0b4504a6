"""What a token proves, and who can tell."""

from dataclasses import dataclass
from typing import Protocol

from gateway.identity.tokens import Header
from schema.model.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Proof:
    """Who bears a token, and until which second of the epoch that is so."""

    viewer: Viewer
    good_until: float


class Issuer(Protocol):
    """Whoever makes JSON Web Tokens that we believe."""

    @property
    def algorithms(self) -> frozenset[str]:
        """With what its tokens are signed: no two issuers share one."""

    async def check(self, token: str, header: Header) -> Proof:
        """Return what a token proves.  Raises `InvalidTokenError`, `UncheckableTokenError`."""


class ApiKeys(Protocol):
    """Whoever knows the keys that we have given out."""

    async def check(self, key: str) -> Proof:
        """Return what a key proves.  Raises `InvalidTokenError`, `UncheckableTokenError`."""
