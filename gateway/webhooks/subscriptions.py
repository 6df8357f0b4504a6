"""Who is told what happens to enrolments: subscriptions, as operators keep them.

A subscription's secret is shown once, when it is made, and sealed from then on.  What is still
to be sent is told by `reached`, a place in the event feed; a replay moves it back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from gateway.enrolment import feed
from gateway.enrolment.audit.records import Act, record
from gateway.enrolment.privacy.keyring import Purpose, confirm
from gateway.partner_api import credential_rows
from gateway.partner_api.vault import Vault
from gateway.storage.engine import Database
from gateway.storage.upsert import insert_into
from gateway.storage.webhook_tables import webhook_delivery, webhook_subscription
from gateway.webhooks.signing import new_secret
from schema.model.enrolment import EnrolmentStatus


class SubscriptionError(ValueError):
    """What is wanted of a subscription cannot be; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription, without its secret; `statuses` empty: it is told everything."""

    id: str
    url: str = field(repr=False)  # it may hold a token
    statuses: Sequence[str]
    created_at: datetime
    reached: int
    attempts: int
    next_attempt_at: datetime
    failing_since: datetime | None = None
    failure: str | None = None
    disabled_at: datetime | None = None
    disabled_for: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A subscription, how many events of the feed are ahead of it, and its single deliveries."""

    subscription: Subscription
    behind: int
    waiting: int
    given_up: int


class Subscriptions:
    """Makes, lists, stops and replays subscriptions."""

    def __init__(self, ledger: Database, vault: Vault, now: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._vault = vault
        self._now = now

    async def add(
        self, url: str, statuses: Sequence[EnrolmentStatus], by: str
    ) -> tuple[Subscription, str]:
        """Subscribe an address to what happens from now on; return the secret, this once.

        Raises `KeyringError`.
        """
        now, secret, name = self._now(), new_secret(), credential_rows.new_id()

        def file(connection: Connection) -> Subscription:
            confirm(connection, Purpose.PARTNER_API, self._vault.keys)
            row = {
                "id": name,
                "url": url,
                "statuses": list(statuses),
                "key_version": self._vault.keys.current,
                "sealed": self._vault.seal(secret.encode(), _target(name)),
                "created_at": now,
                "reached": feed.read_end(connection),
                "attempts": 0,
                "next_attempt_at": now,
            }
            made = insert(webhook_subscription).values(row).returning(webhook_subscription)
            record(connection, Act.WEBHOOK_ADDED, _target(name), by=by, at=now)
            return to_subscription(connection.execute(made).one())

        return await self._ledger.write(file), secret

    async def read_all(self) -> Sequence[Standing]:
        """Return every subscription and how far it is, the oldest first."""
        return await self._ledger.read(_read_standing)

    async def disable(self, name: str, by: str) -> Subscription:
        """Send nothing more to a subscription.  Raises `SubscriptionError`."""
        values = {"disabled_at": self._now(), "disabled_for": f"by {by}"}
        return await self._change(name, values, Act.WEBHOOK_DISABLED, by)

    async def enable(self, name: str, by: str) -> Subscription:
        """Send again, all that has happened since it was disabled.  Raises `SubscriptionError`."""
        values = {
            "disabled_at": None, "disabled_for": None, "failing_since": None, "failure": None,
            "attempts": 0, "next_attempt_at": self._now(),
        }  # fmt: skip
        return await self._change(name, values, Act.WEBHOOK_ENABLED, by)

    async def replay_since(self, name: str, since: datetime, by: str) -> Subscription:
        """Send again all that has happened since then.  Raises `SubscriptionError`."""
        now = self._now()

        def move(connection: Connection) -> Subscription:
            found = _lock(connection, name)
            start = min(found.reached, feed.read_start(connection, since))
            values = {"reached": start, "next_attempt_at": now}
            told = {"since": since.isoformat(), "events": found.reached - start}
            record(connection, Act.WEBHOOK_REPLAYED, _target(name), by=by, at=now, **told)
            return _update(connection, name, values)

        return await self._ledger.write(move)

    async def replay_one(self, name: str, number: int, by: str) -> Subscription:
        """Send one event again, as its number names it.  Raises `SubscriptionError`."""
        now = self._now()

        def put(connection: Connection) -> Subscription:
            found = _lock(connection, name)
            if not feed.read_numbered(connection, [number]):
                raise SubscriptionError(f"there is no event {number}")
            row = {
                "subscription_id": name, "number": number, "attempts": 0, "next_attempt_at": now,
            }  # fmt: skip
            again = {"attempts": 0, "next_attempt_at": now, "failure": None}
            connection.execute(
                insert_into(connection, webhook_delivery)
                .values(row)
                .on_conflict_do_update(index_elements=["subscription_id", "number"], set_=again)
            )
            record(connection, Act.WEBHOOK_REPLAYED, _target(name), by=by, at=now, event=number)
            return found

        return await self._ledger.write(put)

    async def _change(self, name: str, values: dict[str, Any], act: Act, by: str) -> Subscription:
        now = self._now()

        def change(connection: Connection) -> Subscription:
            _lock(connection, name)
            record(connection, act, _target(name), by=by, at=now)
            return _update(connection, name, values)

        return await self._ledger.write(change)


def open_secret(vault: Vault, row: Row[Any]) -> str:
    """Return what a subscription's webhooks are signed with.  Raises `KeyringError`."""
    return vault.open(row.sealed, _target(row.id)).decode()


def to_subscription(row: Row[Any]) -> Subscription:
    """Return what a row says, without its secret."""
    return Subscription(**{name: getattr(row, name) for name in Subscription.__dataclass_fields__})


def forget_deliveries(connection: Connection, name: str, numbers: Sequence[int]) -> None:
    """Strike out single deliveries that have been taken."""
    mine = webhook_delivery.c.subscription_id == name
    connection.execute(delete(webhook_delivery).where(mine, webhook_delivery.c.number.in_(numbers)))


def _read_standing(connection: Connection) -> list[Standing]:
    end = feed.read_end(connection)
    single = webhook_delivery.c
    counted = connection.execute(
        select(
            single.subscription_id,
            func.count(single.next_attempt_at).label("waiting"),
            func.count().label("all"),
        ).group_by(single.subscription_id)
    )
    singles = {row.subscription_id: (row.waiting, row.all) for row in counted}
    question = select(webhook_subscription).order_by(
        webhook_subscription.c.created_at, webhook_subscription.c.id
    )
    found = map(to_subscription, connection.execute(question))
    standing = []
    for each in found:
        waiting, every = singles.get(each.id, (0, 0))
        behind = max(end - each.reached, 0)
        standing.append(Standing(each, behind, waiting, every - waiting))
    return standing


def _lock(connection: Connection, name: str) -> Subscription:
    row = connection.execute(
        select(webhook_subscription).where(webhook_subscription.c.id == name).with_for_update()
    ).first()
    if row is None:
        raise SubscriptionError(f"no subscription {name!r}; `mitra webhooks list` shows them")
    return to_subscription(row)


def _update(connection: Connection, name: str, values: dict[str, Any]) -> Subscription:
    mine = update(webhook_subscription).where(webhook_subscription.c.id == name)
    row = connection.execute(mine.values(values).returning(webhook_subscription)).one()
    return to_subscription(row)


def _target(name: str) -> str:
    return f"webhook {name}"
