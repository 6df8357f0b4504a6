"""What is to be sent to one subscriber now: a window of the event feed, and single events again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.enrolment import feed
from gateway.partner_api.vault import Vault
from gateway.storage.webhook_tables import webhook_delivery, webhook_subscription
from gateway.webhooks.subscriptions import Subscription, open_secret, to_subscription
from schema.model.progress import FeedEvent
from schema.model.values import EnrolmentId

WINDOW = 8  # events at once, to one subscriber
PROBES = 2  # of one that took nothing the last time


@dataclass(frozen=True, slots=True)
class Errand:
    """An event to be sent; `attempts` is how often it was, if it has a row of its own."""

    event: FeedEvent
    attempts: int | None = None

    @property
    def number(self) -> int:
        """The event's number in the feed."""
        return self.event.number


@dataclass(frozen=True, slots=True)
class Window:
    """What is to be sent to one subscriber now, and where in the feed it stands then."""

    subscription: Subscription
    secret: str
    errands: Sequence[Errand]
    reached: int

    def chains(self) -> Iterable[Sequence[Errand]]:
        """Return the errands of each enrolment, in order: they are sent one after the other."""
        found: dict[EnrolmentId, list[Errand]] = {}
        for errand in sorted(self.errands, key=lambda each: each.number):
            found.setdefault(errand.event.enrolment_id, []).append(errand)
        return found.values()


def read_window(connection: Connection, vault: Vault, name: str, now: datetime) -> Window | None:
    """Return what is due; None if there is nothing, or the subscriber rests."""
    question = select(webhook_subscription).where(webhook_subscription.c.id == name)
    row = connection.execute(question).first()
    if row is None or row.disabled_at is not None or row.next_attempt_at > now:
        return None
    found = to_subscription(row)
    size = PROBES if found.attempts else WINDOW
    again = _read_again(connection, name, now, size)
    end = feed.read_end(connection)
    fresh = feed.read_after(connection, found.reached, size, found.statuses)
    errands = [*again, *map(Errand, fresh)][:size]
    new = [each for each in errands if each.attempts is None]
    is_all = len(new) == len(fresh) and len(fresh) < size
    reached = end if is_all else (new[-1].number if new else found.reached)
    if not errands and reached <= found.reached:
        return None
    return Window(found, open_secret(vault, row), errands, max(reached, found.reached))


def _read_again(connection: Connection, name: str, now: datetime, limit: int) -> list[Errand]:
    """Return single events that are due to be sent again."""
    rows: Sequence[Row[Any]] = connection.execute(
        select(webhook_delivery)
        .where(
            webhook_delivery.c.subscription_id == name, webhook_delivery.c.next_attempt_at <= now
        )
        .order_by(webhook_delivery.c.next_attempt_at, webhook_delivery.c.number)
        .limit(limit)
    ).all()
    attempts = {row.number: row.attempts for row in rows}
    events = feed.read_numbered(connection, attempts.keys())
    return [Errand(event, attempts[event.number]) for event in events]
