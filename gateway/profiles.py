"""What no process starts with: settings that are each allowed, and together unsafe.

Each sentence says what could happen and what to do; all of them are told at once.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from ipaddress import ip_address
from itertools import combinations
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from gateway.settings import Settings

SHORTEST_PASSWORD = 12
LEAST_DIFFERENT_BYTES = 12  # of 32: fewer are no accident
DEVELOPMENT_FILES = ("development-token.key", "development-partner-api.key")
_WELL_KNOWN = (
    "password",
    "changeme",
    "change-me",
    "secret",
    "example",
    "postgres",
    "mitra",
    "redis",
)


def unsafe_mixtures(settings: Settings) -> list[str]:
    """Return a sentence for each mixture that must not run; none if all is well."""
    found = [*_cors(settings), *_documents(settings)]
    if not settings.is_development:
        found += [
            *_development_keys(settings),
            *_addresses(settings),
            *_explorer(settings),
            *_passwords(settings),
            *_keys(settings),
        ]
    return found


def _cors(settings: Settings) -> Iterator[str]:
    if "*" in settings.cors_origins and settings.cors_credentials:
        yield (
            "MITRA_CORS_ORIGINS=* with MITRA_CORS_CREDENTIALS=true lets any page of the web ask in "
            "the name of whoever opens it; name the origins, or leave the credentials out"
        )


def _documents(settings: Settings) -> Iterator[str]:
    if settings.persisted is not None and not settings.persisted.is_dir():
        yield (
            f"MITRA_PERSISTED={settings.persisted} is no folder, so no client's document would be "
            "known by its id; put the manifests there, or leave the setting out"
        )
    elif settings.trusted_documents_only and not _has_manifests(settings):
        yield (
            "MITRA_TRUSTED_DOCUMENTS_ONLY=true without manifests would refuse every request; set "
            "MITRA_PERSISTED to a folder with one *.json per client"
        )
    if settings.trusted_documents_only and settings.subgraph:
        yield (
            "MITRA_SUBGRAPH=true answers any document at /graphql/subgraph, as routers write their "
            "own, so with it MITRA_TRUSTED_DOCUMENTS_ONLY=true would bind nobody; serve the "
            "subgraph from processes of its own that only your router reaches"
        )


def _has_manifests(settings: Settings) -> bool:
    return settings.persisted is not None and any(settings.persisted.glob("*.json"))


def _development_keys(settings: Settings) -> Iterator[str]:
    for name in DEVELOPMENT_FILES:
        if (settings.data_dir / name).exists():
            yield (
                f"{settings.data_dir / name} is a key of the development issuer: this folder's "
                "learners and tokens were made up by whoever liked; give production a "
                "MITRA_DATA_DIR of its own, or set MITRA_PROFILE=development"
            )


def _addresses(settings: Settings) -> Iterator[str]:
    parts = urlsplit(settings.public_url or "")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        yield (
            f"MITRA_PUBLIC_URL={settings.public_url} sends tokens and enrolments readable through "
            "the net; put a proxy with TLS in front and write https://"
        )


def _explorer(settings: Settings) -> Iterator[str]:
    if settings.may_explore.is_everybody:
        yield (
            "MITRA_EXPLORER=everybody in production helps those who look for weak places; name the "
            "roles that need it, such as operator"
        )


def _passwords(settings: Settings) -> Iterator[str]:
    for name in ("database_url", "redis_url"):
        parts = urlsplit(getattr(settings, name) or "")
        is_weak = parts.password is not None and _is_weak(unquote(parts.password), parts.username)
        if is_weak and not _is_this_machine(parts.hostname):
            yield (
                f"the password in MITRA_{name.upper()} is well known, its account's name, or "
                f"shorter than {SHORTEST_PASSWORD} characters; make one: openssl rand -hex 24"
            )


def _keys(settings: Settings) -> Iterator[str]:
    names = ("national_id_keys", "contact_keys", "partner_api_keys")
    keys = {f"MITRA_{name.upper()}": _inline_keys(getattr(settings, name)) for name in names}
    for name, each in keys.items():
        if any(len(set(key)) < LEAST_DIFFERENT_BYTES for key in each):
            yield f"{name} holds a key that is not random; make one: openssl rand -base64 32"
    for (one, ours), (other, theirs) in combinations(keys.items(), 2):
        if ours & theirs:
            yield f"{one} and {other} hold the same key: who learns one secret learns both"


def _inline_keys(setting: SecretStr | None) -> set[bytes]:
    """Return the keys that a setting holds; those in files, and malformed ones, when used."""
    found = set()
    for entry in re.split(r"[,\s]+", setting.get_secret_value() if setting else ""):
        try:
            found.add(base64.b64decode(entry.partition(":")[2], validate=True))
        except binascii.Error:
            continue
    return found - {b""}


def _is_weak(password: str, account: str | None) -> bool:
    lowered = password.lower()
    return (
        len(password) < SHORTEST_PASSWORD
        or lowered == (account or "").lower()
        or lowered.strip("0123456789!-_") in _WELL_KNOWN
    )


def _is_this_machine(host: str | None) -> bool:
    if not host or host == "localhost":  # without one it is a socket's file
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
