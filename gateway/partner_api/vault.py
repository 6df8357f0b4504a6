"""What keeps partners' secrets and learners' passwords unreadable in the database."""

import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag

from gateway.enrolment.privacy.keyring import Keyring, KeyringError
from gateway.enrolment.privacy.sealing import decrypt, encrypt

_VERSION_BYTES = 4


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals and marks with keys from outside; without any, everything is refused."""

    keyring: Keyring | None

    @property
    def keys(self) -> Keyring:
        """The keys.  Raises `KeyringError` without any."""
        if self.keyring is None:
            raise KeyringError("partners cannot call us yet: set MITRA_PARTNER_API_KEYS")
        return self.keyring

    def seal(self, text: bytes, bound_to: str) -> bytes:
        """Return `text` sealed by the current key, whose version it tells."""
        version = self.keys.current
        sealed = encrypt(self.keys.key(version), text, bound_to)
        return version.to_bytes(_VERSION_BYTES, "big") + sealed

    def open(self, sealed: bytes, bound_to: str) -> bytes:
        """Return what was sealed.  Raises `KeyringError` for a wrong key or a changed row."""
        key = self.keys.key(int.from_bytes(sealed[:_VERSION_BYTES], "big"))
        try:
            return decrypt(key, sealed[_VERSION_BYTES:], bound_to)
        except InvalidTag as exc:
            raise KeyringError(
                f"{self.keys.purpose.setting} does not open what it sealed; put the right key back"
            ) from exc

    def mark(self, version: int, purpose: str, *parts: bytes) -> bytes:
        """Return a keyed digest; only who has the key can tell what it is of."""
        lengths = b"".join(len(part).to_bytes(4, "big") for part in parts)
        said = f"mitra {purpose} ".encode() + lengths + b"".join(parts)
        return hmac.digest(self.keys.key(version), said, "sha256")
