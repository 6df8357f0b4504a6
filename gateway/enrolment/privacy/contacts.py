"""Contact data, encrypted with a key of the learner's own (AES-256-GCM).

The learner's key is stored wrapped by the current key from outside.  Destroying it destroys
the data, wherever copies of the ciphertext alone may lie.  Both are bound to the learner's
reference: a row that is copied to another learner does not open.
"""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection, Row, delete, select, update

from gateway.enrolment.privacy.keyring import KEY_BYTES, Keyring, KeyringError
from gateway.enrolment.privacy.sealing import decrypt, encrypt
from gateway.storage.learner_tables import contact
from gateway.storage.upsert import insert_into
from schema.model.values import LearnerId


@dataclass(frozen=True, slots=True)
class Contact:
    """How a learner is reached; never shown by accident."""

    name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        """Return whether there is anything."""
        return bool(self.name or self.email or self.phone)


def read_contacts(
    connection: Connection, keyring: Keyring, learners: Collection[LearnerId]
) -> dict[LearnerId, Contact]:
    """Return learners' contact data, as far as they have any.  Raises `KeyringError`."""
    rows = connection.execute(select(contact).where(contact.c.learner_id.in_(list(learners))))
    return {LearnerId(row.learner_id): _open(keyring, row) for row in rows}


def write_contacts(
    connection: Connection, keyring: Keyring, contacts: Mapping[LearnerId, Contact], now: datetime
) -> None:
    """Store contact data, each under a new key of its learner's."""
    if not contacts:
        return
    insert = insert_into(connection, contact)
    changed = {
        name: insert.excluded[name] for name in ("key_version", "wrapped_key", "sealed", "at")
    }
    connection.execute(
        insert.on_conflict_do_update(index_elements=["learner_id"], set_=changed),
        [{**_seal(keyring, learner, said), "at": now} for learner, said in contacts.items()],
    )


def destroy_contact(connection: Connection, learner: LearnerId) -> None:
    """Destroy a learner's key, and what it had sealed."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")  # overwrites what it deletes
    connection.execute(delete(contact).where(contact.c.learner_id == learner))


def rewrap(connection: Connection, keyring: Keyring, limit: int) -> int:
    """Wrap up to `limit` learners' keys by the current key; return how many were not."""
    rows = connection.execute(
        select(contact)
        .where(contact.c.key_version != keyring.current)
        .order_by(contact.c.key_version, contact.c.learner_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        learner = LearnerId(row.learner_id)
        wrapped = _wrap(keyring, learner, _unwrap(keyring, row))
        connection.execute(
            update(contact)
            .where(contact.c.learner_id == learner)
            .values(key_version=keyring.current, wrapped_key=wrapped)
        )
    return len(rows)


def _seal(keyring: Keyring, learner: LearnerId, said: Contact) -> dict[str, Any]:
    key = secrets.token_bytes(KEY_BYTES)
    return {
        "learner_id": learner,
        "key_version": keyring.current,
        "wrapped_key": _wrap(keyring, learner, key),
        "sealed": encrypt(key, json.dumps(asdict(said)).encode(), f"contact {learner}"),
    }


def _open(keyring: Keyring, row: Row[Any]) -> Contact:
    key = _unwrap(keyring, row)
    try:
        return Contact(**json.loads(decrypt(key, row.sealed, f"contact {row.learner_id}")))
    except InvalidTag as exc:
        raise KeyringError("a learner's contact data was changed and does not open") from exc


def _wrap(keyring: Keyring, learner: LearnerId, key: bytes) -> bytes:
    return encrypt(keyring.key(keyring.current), key, f"data key {learner}")


def _unwrap(keyring: Keyring, row: Row[Any]) -> bytes:
    outer = keyring.key(row.key_version)
    try:
        return decrypt(outer, row.wrapped_key, f"data key {row.learner_id}")
    except InvalidTag as exc:
        raise KeyringError(
            f"{keyring.purpose.setting}: version {row.key_version} does not open what it sealed; "
            "put the right key back"
        ) from exc
