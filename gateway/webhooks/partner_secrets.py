"""What partners sign their webhooks with: several secrets are good at once, for changing them.

A secret is shown once, when it is made, and sealed from then on.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select

from gateway.enrolment.audit.records import Act, record
from gateway.enrolment.privacy.keyring import Purpose, confirm
from gateway.partner_api import credential_rows
from gateway.partner_api.vault import Vault
from gateway.storage.engine import Database
from gateway.storage.webhook_tables import webhook_secret
from gateway.webhooks.signing import new_secret
from schema.model.values import PartnerCode


class SecretError(ValueError):
    """A secret cannot be made or retired so; the message says what to do."""


@dataclass(frozen=True, slots=True)
class SecretEntry:
    """A secret as it is listed: without itself."""

    id: str
    partner: PartnerCode
    created_at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that has just been made: the one time that it is seen."""

    entry: SecretEntry
    secret: str = field(repr=False)


class PartnerSecrets:
    """Makes, lists, retires and finds partners' secrets."""

    def __init__(
        self,
        ledger: Database,
        vault: Vault,
        partners: Collection[PartnerCode],
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._vault = vault
        self._partners = partners
        self._now = now

    async def make(self, partner: PartnerCode, by: str) -> NewSecret:
        """Make a secret; those that the partner has stay good.

        Raises `SecretError` and `KeyringError`.
        """
        if partner not in self._partners:
            raise SecretError(f"{partner!r} is not a partner; `mitra partners` lists them")
        made = NewSecret(SecretEntry(credential_rows.new_id(), partner, self._now()), new_secret())
        await self._ledger.write(lambda c: self._file(c, made, by))
        return made

    async def read_all(self) -> Sequence[SecretEntry]:
        """Return every secret's entry, the oldest of a partner first."""
        rows = await self._ledger.read(lambda c: credential_rows.read_in_order(c, webhook_secret))
        return [_to_entry(row) for row in rows]

    async def retire(self, secret_id: str, by: str) -> SecretEntry:
        """Make a secret worthless, from now on.  Raises `SecretError`."""
        now = self._now()

        def change(connection: Connection) -> SecretEntry:
            row = credential_rows.retire(connection, webhook_secret, secret_id, now)
            if row is None:
                raise SecretError(
                    f"no secret {secret_id!r} is in use; `mitra partners secret list` shows them"
                )
            target = _target(row.partner, secret_id)
            record(connection, Act.WEBHOOK_KEY_RETIRED, target, by=by, at=now)
            return _to_entry(row)

        return await self._ledger.write(change)

    async def find(self, partner: PartnerCode) -> Sequence[str]:
        """Return what a partner may sign with now.  Raises `KeyringError`."""
        question = select(webhook_secret).where(
            webhook_secret.c.partner == partner, webhook_secret.c.retired_at.is_(None)
        )
        rows = await self._ledger.read(lambda c: c.execute(question).all())
        return [self._vault.open(row.sealed, _target(row.partner, row.id)).decode() for row in rows]

    def _file(self, connection: Connection, made: NewSecret, by: str) -> None:
        confirm(connection, Purpose.PARTNER_API, self._vault.keys)
        entry = made.entry
        target = _target(entry.partner, entry.id)
        row = {
            "id": entry.id,
            "partner": entry.partner,
            "key_version": self._vault.keys.current,
            "sealed": self._vault.seal(made.secret.encode(), target),
            "created_at": entry.created_at,
        }
        connection.execute(insert(webhook_secret).values(row))
        record(connection, Act.WEBHOOK_KEY_MADE, target, by=by, at=entry.created_at)


def _target(partner: str, secret_id: str) -> str:
    return f"webhook secret {partner} {secret_id}"


def _to_entry(row: Row[tuple[object, ...]]) -> SecretEntry:
    return SecretEntry(row.id, row.partner, row.created_at, row.retired_at)
