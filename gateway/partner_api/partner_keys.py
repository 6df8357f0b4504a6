"""Partners' client codes and sign keys: several are good at once, so that they can be changed.

A sign key is shown once, when it is made, and sealed from then on.
"""

import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select

from gateway.enrolment.audit.records import Act, record
from gateway.enrolment.privacy.keyring import Purpose, confirm
from gateway.partner_api import credential_rows
from gateway.partner_api.vault import Vault
from gateway.storage.engine import Database
from gateway.storage.partner_api_tables import CODE_LENGTH, partner_key
from schema.model.catalogue import Partner
from schema.model.values import PartnerCode, PartnerState

_LETTERS = "abcdefghjkmnpqrstvwxyz"
_CLIENT_CODE = re.compile(rf"[A-Za-z][A-Za-z0-9_.-]{{2,{CODE_LENGTH - 1}}}", re.ASCII)
SILENT = frozenset({PartnerState.APPLIED, PartnerState.SUSPENDED, PartnerState.RETIRED})


class PartnerKeyError(ValueError):
    """A key cannot be made or retired so; the message says what to do."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key as it is listed: without its secret."""

    id: str
    partner: PartnerCode
    client_code: str
    created_at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that has just been made: the one time that its secret is seen."""

    entry: KeyEntry
    sign_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls under a client code, and what they may sign with."""

    partner: Partner
    client_code: str
    keys: Sequence[str] = field(repr=False)


class PartnerKeys:
    """Makes, lists, retires and finds keys."""

    def __init__(
        self,
        ledger: Database,
        vault: Vault,
        partners: Mapping[PartnerCode, Partner],
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._vault = vault
        self._partners = partners
        self._now = now

    async def make(self, partner: PartnerCode, client_code: str | None, by: str) -> NewKey:
        """Make a key; `client_code` adds one to those of an integration that exists.

        Raises `PartnerKeyError` and `KeyringError`.
        """
        if partner not in self._partners:
            raise PartnerKeyError(f"{partner!r} is not a partner; `mitra partners` lists them")
        wanted = client_code or f"{partner[:30]}-{_random(_LETTERS, 6)}"
        entry = KeyEntry(credential_rows.new_id(), partner, wanted, self._now())
        sign_key = secrets.token_urlsafe(32)
        await self._ledger.write(lambda c: self._file(c, entry, sign_key, by))
        return NewKey(entry, sign_key)

    async def read_all(self) -> Sequence[KeyEntry]:
        """Return every key, the oldest of a partner first."""
        rows = await self._ledger.read(lambda c: credential_rows.read_in_order(c, partner_key))
        return [_to_entry(row) for row in rows]

    async def retire(self, key_id: str, by: str) -> KeyEntry:
        """Make a key worthless, from now on.  Raises `PartnerKeyError`."""
        now = self._now()

        def change(connection: Connection) -> KeyEntry:
            row = credential_rows.retire(connection, partner_key, key_id, now)
            if row is None:
                raise PartnerKeyError(
                    f"no key {key_id!r} is in use; `mitra partners key list` shows them"
                )
            record(connection, Act.PARTNER_KEY_RETIRED, _target(row.partner, key_id), by=by, at=now)
            return _to_entry(row)

        return await self._ledger.write(change)

    async def find(self, client_code: str) -> Client | None:
        """Return who may call under a client code now; None for nobody.

        Raises `KeyringError` if what is sealed cannot be opened.
        """
        question = select(partner_key).where(
            partner_key.c.client_code == client_code, partner_key.c.retired_at.is_(None)
        )
        rows = await self._ledger.read(lambda c: c.execute(question).all())
        partner = self._partners.get(PartnerCode(rows[0].partner)) if rows else None
        if partner is None or partner.state in SILENT:
            return None
        keys = [self._vault.open(row.sealed, _target(row.partner, row.id)) for row in rows]
        return Client(partner, client_code, [key.decode() for key in keys])

    def _file(self, connection: Connection, entry: KeyEntry, sign_key: str, by: str) -> None:
        confirm(connection, Purpose.PARTNER_API, self._vault.keys)
        standing = connection.execute(
            select(partner_key.c.client_code, partner_key.c.partner).distinct()
        )
        check_client_code(entry, {row.client_code: row.partner for row in standing})
        target = _target(entry.partner, entry.id)
        row = {
            "id": entry.id,
            "partner": entry.partner,
            "client_code": entry.client_code,
            "key_version": self._vault.keys.current,
            "sealed": self._vault.seal(sign_key.encode(), target),
            "created_at": entry.created_at,
        }
        connection.execute(insert(partner_key).values(row))
        record(connection, Act.PARTNER_KEY_MADE, target, by=by, at=entry.created_at)


def check_client_code(entry: KeyEntry, standing: Mapping[str, str]) -> None:
    """Raise `PartnerKeyError` for a client code that is malformed, another's or ambiguous."""
    code = entry.client_code
    if not _CLIENT_CODE.fullmatch(code):
        raise PartnerKeyError(
            f"a client code is a letter and 2 to {CODE_LENGTH - 1} letters, digits or `_.-`"
        )
    if standing.get(code, entry.partner) != entry.partner:
        raise PartnerKeyError(f"client code {code!r} is another partner's")
    if (other := find_ambiguous(code, standing)) is not None:
        raise PartnerKeyError(
            f"client codes {code!r} and {other!r} differ by digits at the end only, which a "
            "timestamp would make ambiguous; choose another"
        )


def find_ambiguous(code: str, others: Collection[str]) -> str | None:
    """Return a code that differs from `code` by digits at its end: a signature fits both."""
    for other in others:
        short, long = sorted((code, other), key=len)
        if short != long and long.startswith(short) and long[len(short) :].isdecimal():
            return other
    return None


def _random(letters: str, length: int) -> str:
    return "".join(secrets.choice(letters) for _ in range(length))


def _target(partner: str, key_id: str) -> str:
    return f"partner key {partner} {key_id}"


def _to_entry(row: Row[tuple[object, ...]]) -> KeyEntry:
    return KeyEntry(row.id, row.partner, row.client_code, row.created_at, row.retired_at)
