"""The names of the secrets that each sandbox partner shares with us, and fresh values."""

import secrets
from collections.abc import Mapping
from types import MappingProxyType

from schema.model.values import PartnerCode

_NAMES = {
    "skill_academy": ("token",),
    "tokopedia": ("client_id", "client_secret"),
    "bukalapak": ("key_id", "key_secret"),
    "pintaria": ("api_key",),
    "sekolahmu": ("token",),
    "maubelajarapa": ("signing_key",),
    "pijar_mahir": ("username", "password"),
    "sisnaker": ("api_key",),
    "bina_bumn": ("token",),
    "pasar_kelas": ("api_key",),
}

SECRET_NAMES: Mapping[PartnerCode, tuple[str, ...]] = MappingProxyType(
    {PartnerCode(code): names for code, names in _NAMES.items()}
)
SANDBOX_PARTNERS: tuple[PartnerCode, ...] = tuple(SECRET_NAMES)


def fresh_secret() -> str:
    """Return a random secret that is safe in headers, URLs and files."""
    return secrets.token_urlsafe(24)


def fresh_secrets(code: PartnerCode) -> dict[str, str]:
    """Return random values for every secret of the partner."""
    return {name: fresh_secret() for name in SECRET_NAMES[code]}
