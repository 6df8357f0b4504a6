"""The sender: takes events from the feed to those who have subscribed to them.

Each subscription has its own place in the feed, its own turn and its own connections, so a slow
one holds up nobody.  A window of events is sent at once; the place moves behind them in the
transaction that keeps those which were not taken.  After a crash some are sent again: their
`webhook-id` is the same at every attempt.  One process at a time sends.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, select, update

from gateway.partner_api.vault import Vault
from gateway.storage.engine import Database
from gateway.storage.leases import Leases
from gateway.storage.upsert import insert_into
from gateway.storage.webhook_tables import webhook_delivery, webhook_subscription
from gateway.telemetry import WEBHOOK_SUBSCRIPTIONS, WEBHOOKS_SENT
from gateway.webhooks.payloads import to_body
from gateway.webhooks.posting import Post, Posted
from gateway.webhooks.schedule import DISABLED_AFTER, Dice, rest, retry_wait
from gateway.webhooks.signing import sign
from gateway.webhooks.subscriptions import Subscription, forget_deliveries
from gateway.webhooks.windows import Errand, Window, read_window

SENDER = "webhooks"  # the lease of the one that sends
LASTS = timedelta(seconds=10)
PAUSE_SECONDS = 0.5

log = structlog.get_logger(__name__)


class WebhookSender:
    """Sends until it is cancelled; any number of processes may have one."""

    def __init__(
        self,
        ledger: Database,
        vault: Vault,
        post_to: Callable[[str], Post],
        *,
        now: Callable[[], datetime],
        holder: str,
        dice: Dice = random.random,
    ) -> None:
        """Make a sender; `post_to` makes the connections to one address."""
        self._ledger = ledger
        self._vault = vault
        self._post_to = post_to
        self._now = now
        self._dice = dice
        self._leases = Leases(ledger, now, holder=holder, lasts=LASTS)
        self._posts: dict[str, tuple[str, Post]] = {}
        self._turns: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Send what is to be sent, again and again."""
        try:
            while True:
                try:
                    await self._look()
                except Exception as exc:  # noqa: BLE001 - what is due is sent next time
                    log.error("webhooks.look_failed", error=type(exc).__name__)  # noqa: TRY400 - a traceback would show data
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            await self._let_go([])
            with suppress(Exception):
                await self._leases.give_back(SENDER)

    async def send_due(self) -> int:
        """Send one window to every subscriber; return how many messages that were."""
        names = await self._ledger.read(_read_active)
        sent = await asyncio.gather(*map(self.take_turn, names))
        return sum(sent)

    async def take_turn(self, name: str) -> int:
        """Send a window of events to one subscriber; return how many."""
        now = self._now()
        window = await self._ledger.read(lambda c: read_window(c, self._vault, name, now))
        if window is None:
            return 0
        post = self._connected(window.subscription)
        chains = await asyncio.gather(
            *(self._send_in_order(post, window, chain) for chain in window.chains())
        )
        done = self._now()
        came = [each for chain in chains for each in chain]
        disabled = await self._ledger.write(lambda c: self._conclude(c, window, came, done))
        if disabled is not None:
            log.error("webhooks.disabled", subscription=name, reason=disabled)
        return len(came)

    async def _look(self) -> None:
        """See to it that every subscription has its turns, if it is ours to send."""
        if not await self._leases.take(SENDER):
            await self._let_go([])
            return
        states = await self._ledger.read(_count_states)
        for state, count in states.items():
            WEBHOOK_SUBSCRIPTIONS.labels(state).set(count)
        active = await self._ledger.read(_read_active)
        await self._let_go(active)
        for name in active:
            if name not in self._turns:
                self._turns[name] = asyncio.create_task(self._keep_sending(name))

    async def _keep_sending(self, name: str) -> None:
        while True:
            try:
                sent = await self.take_turn(name)
            except Exception as exc:  # noqa: BLE001 - it is tried again
                log.error("webhooks.turn_failed", subscription=name, error=type(exc).__name__)  # noqa: TRY400 - a traceback would show data
                sent = 0
            if not sent:
                await asyncio.sleep(PAUSE_SECONDS)

    async def _let_go(self, active: Sequence[str]) -> None:
        """Stop the turns of all subscriptions but the active ones, and close their connections."""
        gone = [self._turns.pop(name) for name in list(self._turns) if name not in active]
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        for name in list(self._posts):
            if name not in active:
                _, post = self._posts.pop(name)
                await post.aclose()

    def _connected(self, subscription: Subscription) -> Post:
        known = self._posts.get(subscription.id)
        if known is None or known[0] != subscription.url:
            known = subscription.url, self._post_to(subscription.url)
            self._posts[subscription.id] = known
        return known[1]

    async def _send_in_order(
        self, post: Post, window: Window, chain: Sequence[Errand]
    ) -> list[tuple[Errand, Posted]]:
        return [(errand, await self._send(post, window, errand)) for errand in chain]

    async def _send(self, post: Post, window: Window, errand: Errand) -> Posted:
        name = f"msg_{window.subscription.id}_{errand.number}"
        body, at = to_body(errand.event), self._now()
        headers = {
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": sign(window.secret, name, at, body),
        }
        posted = await post.send(body, headers)
        WEBHOOKS_SENT.labels("failed" if posted.failure else "taken").inc()
        return posted

    def _conclude(
        self,
        connection: Connection,
        window: Window,
        came: Sequence[tuple[Errand, Posted]],
        now: datetime,
    ) -> str | None:
        """Keep what came of a window; return why the subscription is disabled, if it is now.

        One that an operator has changed meanwhile stays as they left it.
        """
        found = window.subscription
        row = connection.execute(
            select(webhook_subscription)
            .where(webhook_subscription.c.id == found.id)
            .with_for_update()
        ).one()
        taken = [errand.number for errand, posted in came if posted.failure is None]
        forget_deliveries(connection, found.id, taken)
        if row.disabled_at is not None or row.reached != found.reached:
            return None
        failed = [(errand, posted) for errand, posted in came if posted.failure is not None]
        has_news = any(errand.attempts is None for errand, _ in came)
        if any(posted.is_gone for _, posted in failed):
            return _disable(connection, found.id, now, "it answered HTTP 410: it wants no more")
        if failed and not taken and has_news:
            return self._let_rest(connection, found, failed[0][1], now)
        for errand, posted in failed:
            self._put_off(connection, found.id, errand, posted, now)
        values: dict[str, Any] = {"reached": window.reached, "next_attempt_at": now}
        if taken:
            values |= {"attempts": 0, "failing_since": None, "failure": None}
        _update(connection, found.id, values)
        return None

    def _let_rest(
        self, connection: Connection, found: Subscription, posted: Posted, now: datetime
    ) -> str | None:
        """Send nothing for a while to who has taken nothing; for days, nothing more."""
        since = found.failing_since or now
        if now - since >= DISABLED_AFTER:
            return _disable(connection, found.id, now, f"it failed for days: {posted.failure}")
        attempts = found.attempts + 1
        values = {
            "attempts": attempts,
            "failing_since": since,
            "failure": posted.failure,
            "next_attempt_at": now + rest(attempts, posted.retry_after, self._dice),
        }
        _update(connection, found.id, values)
        return None

    def _put_off(
        self, connection: Connection, name: str, errand: Errand, posted: Posted, now: datetime
    ) -> None:
        """Send one event again later, while others go on."""
        attempts = (errand.attempts or 0) + 1
        wait = retry_wait(attempts, posted.retry_after, self._dice)
        values = {
            "attempts": attempts,
            "next_attempt_at": None if wait is None else now + wait,
            "failure": posted.failure,
        }
        if wait is None:
            log.error("webhooks.given_up", subscription=name, number=errand.number)
        connection.execute(
            insert_into(connection, webhook_delivery)
            .values(subscription_id=name, number=errand.number, **values)
            .on_conflict_do_update(index_elements=["subscription_id", "number"], set_=values)
        )


def _read_active(connection: Connection) -> list[str]:
    question = select(webhook_subscription.c.id).where(webhook_subscription.c.disabled_at.is_(None))
    return list(connection.execute(question).scalars())


def _count_states(connection: Connection) -> dict[str, int]:
    states = {"active": 0, "failing": 0, "disabled": 0}
    columns = (webhook_subscription.c.disabled_at, webhook_subscription.c.failing_since)
    for row in connection.execute(select(*columns)):
        state = "failing" if row.failing_since else "active"
        states["disabled" if row.disabled_at else state] += 1
    return states


def _disable(connection: Connection, name: str, now: datetime, reason: str) -> str:
    _update(connection, name, {"disabled_at": now, "disabled_for": reason})
    return reason


def _update(connection: Connection, name: str, values: dict[str, Any]) -> None:
    mine = update(webhook_subscription).where(webhook_subscription.c.id == name)
    connection.execute(mine.values(values))
