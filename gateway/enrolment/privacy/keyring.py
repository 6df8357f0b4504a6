"""Keys from outside the database, in versions: the newest is used, the older still read.

A keyring is written as `VERSION:BASE64` entries of 32 bytes, separated by commas or white
space, in the environment or in a file (`file:PATH`).  The database keeps a fingerprint of
each version that was used: a version that has become another key, or is gone while it is still
needed, stops what needs it instead of doing harm.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, Table, delete, select

from gateway.storage.learner_tables import contact, national_id, private_key
from gateway.storage.partner_api_tables import partner_key
from gateway.storage.upsert import insert_into
from gateway.storage.webhook_tables import webhook_secret, webhook_subscription

KEY_BYTES = 32
_FINGERPRINT_BYTES = 16


class Purpose(StrEnum):
    """What a keyring is for."""

    NATIONAL_IDS = "NATIONAL_IDS"
    CONTACTS = "CONTACTS"
    PARTNER_API = "PARTNER_API"

    @property
    def setting(self) -> str:
        """The environment variable that holds it."""
        return {
            Purpose.NATIONAL_IDS: "MITRA_NATIONAL_ID_KEYS",
            Purpose.CONTACTS: "MITRA_CONTACT_KEYS",
            Purpose.PARTNER_API: "MITRA_PARTNER_API_KEYS",
        }[self]

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables whose rows need a version, named in their `key_version`."""
        return {
            Purpose.NATIONAL_IDS: (national_id,),
            Purpose.CONTACTS: (contact,),
            Purpose.PARTNER_API: (partner_key, webhook_secret, webhook_subscription),
        }[self]


class KeyringError(RuntimeError):
    """A key is missing, malformed or not the one it was; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The versions of one key."""

    purpose: Purpose
    keys: Mapping[int, bytes] = field(repr=False)

    @property
    def current(self) -> int:
        """The version that new data gets."""
        return max(self.keys)

    def key(self, version: int) -> bytes:
        """Return a version's key.  Raises `KeyringError` if it is gone."""
        if version not in self.keys:
            raise _lost(self.purpose, version)
        return self.keys[version]


def load_keyring(purpose: Purpose, setting: str | None) -> Keyring | None:
    """Return the keyring that a setting holds or names; None without one.

    Raises `KeyringError`, whose message repeats nothing of the setting.
    """
    if not setting:
        return None
    text = setting
    if setting.startswith("file:"):
        try:
            text = Path(setting.removeprefix("file:")).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise KeyringError(f"{purpose.setting}: its file cannot be read") from exc
    keys = dict(_to_key(purpose, entry) for entry in text.replace(",", " ").split())
    if not keys:
        raise KeyringError(f"{purpose.setting} holds no key; write 1:<base64 of 32 bytes>")
    return Keyring(purpose, keys)


def confirm(connection: Connection, purpose: Purpose, keyring: Keyring | None) -> None:
    """Check that the keys are those that were used, and remember new ones.

    Raises `KeyringError`: better no work than work with the wrong key.
    """
    held = keyring.keys if keyring else {}
    table = private_key
    known = {
        row.version: row.fingerprint
        for row in connection.execute(select(table).where(table.c.purpose == purpose))
    }
    for version, fingerprint in known.items():
        if version in held:
            if not hmac.compare_digest(_fingerprint(purpose, held[version]), fingerprint):
                raise KeyringError(
                    f"{purpose.setting}: version {version} is another key than the one in use; "
                    "put the right one back, and give a new key a new version"
                )
        elif _is_needed(connection, purpose, version):
            raise _lost(purpose, version)
        else:
            retired = (table.c.purpose == purpose, table.c.version == version)
            connection.execute(delete(table).where(*retired))
    new = [
        {"purpose": purpose, "version": version, "fingerprint": _fingerprint(purpose, key)}
        for version, key in held.items()
        if version not in known
    ]
    if new:
        connection.execute(insert_into(connection, table).on_conflict_do_nothing(), new)


def _is_needed(connection: Connection, purpose: Purpose, version: int) -> bool:
    return any(
        connection.execute(
            select(table.c.key_version).where(table.c.key_version == version).limit(1)
        ).first()
        for table in purpose.tables
    )


def _lost(purpose: Purpose, version: int) -> KeyringError:
    return KeyringError(
        f"{purpose.setting}: version {version} is missing, and stored data needs it; "
        "put it back beside the newer ones"
    )


def _to_key(purpose: Purpose, entry: str) -> tuple[int, bytes]:
    version, _, encoded = entry.partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if not version.isdecimal() or not 0 < int(version) < 2**31 or len(key) != KEY_BYTES:
        raise KeyringError(
            f"{purpose.setting} is malformed; write 1:<base64 of {KEY_BYTES} bytes>, "
            "as `openssl rand -base64 32` makes them"
        )
    return int(version), key


def _fingerprint(purpose: Purpose, key: bytes) -> bytes:
    said = f"mitra fingerprint {purpose}".encode()
    return hmac.new(key, said, hashlib.sha256).digest()[:_FINGERPRINT_BYTES]
