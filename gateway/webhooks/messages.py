"""Which messages have been carried out: a partner repeats one until it is answered, for days."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, tuple_

from gateway.storage.engine import Database
from gateway.storage.upsert import insert_into
from gateway.storage.webhook_tables import webhook_message
from schema.model.values import PartnerCode

KEPT_FOR = timedelta(days=30)  # longer than anybody repeats
_PRUNED_AT_ONCE = 20  # with each new one, so that the table stays as long as that
_KEY = (webhook_message.c.partner, webhook_message.c.message_id)


class MessageLog:
    """Remembers messages by the ids that their senders gave them."""

    def __init__(self, ledger: Database, now: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._now = now

    async def has(self, partner: PartnerCode, message_id: str) -> bool:
        """Return whether a message was carried out."""
        question = select(webhook_message.c.at).where(
            webhook_message.c.partner == partner, webhook_message.c.message_id == message_id
        )
        return await self._ledger.read(lambda c: c.execute(question).first()) is not None

    async def add(self, partner: PartnerCode, message_id: str) -> None:
        """Remember a message, once it was carried out."""
        now = self._now()
        row = {"partner": partner, "message_id": message_id, "at": now}

        def keep(connection: Connection) -> None:
            connection.execute(
                insert_into(connection, webhook_message).values(row).on_conflict_do_nothing()
            )
            old = (
                select(*_KEY)
                .where(webhook_message.c.at < now - KEPT_FOR)
                .limit(_PRUNED_AT_ONCE)
                .with_for_update(skip_locked=True)
            )
            connection.execute(delete(webhook_message).where(tuple_(*_KEY).in_(old)))

        await self._ledger.write(keep)
