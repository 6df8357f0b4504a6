"""Webhooks to subscribed systems: signed, repeated for days, one never in another's way."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from gateway.enrolment.audit.sealer import seal
from gateway.partner_api.vault import Vault
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment_event
from gateway.storage.webhook_tables import webhook_subscription
from gateway.webhooks.outgoing import WebhookSender
from gateway.webhooks.posting import Posted
from gateway.webhooks.schedule import DISABLED_AFTER
from gateway.webhooks.signing import Envelope, is_signed
from gateway.webhooks.subscriptions import SubscriptionError, Subscriptions
from gateway.webhooks.windows import WINDOW
from schema.model.enrolment import EnrolmentStatus
from tests.integration.enrolment.builders import Programme, until
from tests.integration.partner_api.partners import KEYRING

pytestmark = pytest.mark.anyio

URL = "https://payments.test/hooks"
FAILS = Posted("answered HTTP 500")


@dataclass
class System:
    """A subscribed system: takes what it is sent, unless told otherwise."""

    answers: dict[str, Posted] = field(default_factory=dict)  # by webhook-id
    always: Posted = field(default_factory=Posted)
    got: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    is_closed: bool = False

    async def send(self, body: bytes, headers: Mapping[str, str]) -> Posted:
        if self.gate is not None:
            await self.gate.wait()
        name = headers["webhook-id"]
        answer = self.answers.get(name, self.always)
        self.got.append((name, body, headers))
        return answer

    async def aclose(self) -> None:
        self.is_closed = True

    @property
    def statuses(self) -> list[str]:
        return [json.loads(body)["data"]["after"] for _, body, _ in self.got]

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.got]


class Outbound:
    """A programme, its subscriptions, and who sends."""

    def __init__(self, database: Database) -> None:
        self.programme = Programme(database)
        self.clock = self.programme.clock
        self.systems: dict[str, System] = {}
        self.vault = Vault(KEYRING)
        self.subscriptions = Subscriptions(database, self.vault, self.clock)
        self.sender = self.a_sender("one")

    def a_sender(self, holder: str) -> WebhookSender:
        return WebhookSender(
            self.programme.database,
            self.vault,
            lambda url: self.systems[url],
            now=self.clock,
            holder=holder,
            dice=lambda: 0.0,
        )

    async def subscribe(self, url: str = URL, *statuses: EnrolmentStatus, **system):
        self.systems[url] = System(**system)
        made, secret = await self.subscriptions.add(url, statuses, "rina")
        return made, secret, self.systems[url]

    async def happen(self, *keys: str) -> None:
        """Let courses be bought and confirmed, and the feed know of it."""
        for key in keys:
            await self.programme.enrol(self.programme.shelf.put(key), key, f"learner-{key}")
        await self.programme.courier.deliver_due()
        await self.programme.database.write(seal)

    async def send_all(self) -> int:
        sent = 0
        while more := await self.sender.send_due():
            sent += more
        return sent

    async def standing(self):
        return await self.subscriptions.read_all()


@pytest.fixture
def outbound(ledger_db: Database) -> Outbound:
    return Outbound(ledger_db)


async def test_what_happens_is_told_signed_and_in_order(outbound: Outbound):
    await outbound.happen("before")
    _, secret, system = await outbound.subscribe()
    await outbound.happen("barista")

    await outbound.send_all()

    assert system.statuses == ["RESERVED", "SUBMITTING", "CONFIRMED"]
    for name, body, headers in system.got:
        stamp, signature = headers["webhook-timestamp"], headers["webhook-signature"]
        assert is_signed(Envelope(name, stamp, signature), body, [secret])
        assert b"learner-" not in body
    [standing] = await outbound.standing()
    assert (standing.behind, standing.waiting) == (0, 0)
    assert await outbound.sender.send_due() == 0


async def test_the_events_of_one_enrolment_come_one_after_the_other(outbound: Outbound):
    _, _, system = await outbound.subscribe()
    await outbound.happen("a", "b", "c")
    under_way: set[str] = set()
    send = system.send

    async def watched(body: bytes, headers: Mapping[str, str]) -> Posted:
        enrolment = json.loads(body)["data"]["enrolment"]
        assert enrolment not in under_way
        under_way.add(enrolment)
        await asyncio.sleep(0.01)
        under_way.remove(enrolment)
        return await send(body, headers)

    system.send = watched
    await outbound.send_all()

    assert len(system.names) == 9
    by_enrolment: dict[str, list[str]] = {}
    for _, body, _ in system.got:
        data = json.loads(body)["data"]
        by_enrolment.setdefault(data["enrolment"], []).append(data["after"])
    assert set(map(tuple, by_enrolment.values())) == {("RESERVED", "SUBMITTING", "CONFIRMED")}


async def test_only_what_was_subscribed_to_is_told(outbound: Outbound):
    _, _, system = await outbound.subscribe(URL, EnrolmentStatus.CONFIRMED)
    await outbound.happen(*(f"c{number}" for number in range(2 * WINDOW + 1)))

    await outbound.send_all()

    assert system.statuses == ["CONFIRMED"] * (2 * WINDOW + 1)
    assert len(set(system.names)) == len(system.names)
    [standing] = await outbound.standing()
    assert standing.behind == 0


async def test_one_that_is_not_taken_is_repeated_while_others_go_on(outbound: Outbound):
    _, _, system = await outbound.subscribe()
    await outbound.happen("barista")
    await outbound.send_all()
    first = system.names[1]
    made = (await outbound.standing())[0].subscription
    await outbound.subscriptions.replay_since(made.id, outbound.clock() - timedelta(days=1), "rina")
    system.got.clear()
    system.answers[first] = FAILS

    await outbound.send_all()
    assert len(system.names) == 3
    assert (await outbound.standing())[0].waiting == 1
    await outbound.send_all()
    assert len(system.names) == 3  # it is given time
    outbound.clock.advance(seconds=6)
    await outbound.send_all()
    assert system.names.count(first) == 2
    del system.answers[first]
    outbound.clock.advance(minutes=6)
    await outbound.send_all()

    assert system.names.count(first) == 3
    assert len({body for name, body, _ in system.got if name == first}) == 1
    assert (await outbound.standing())[0].waiting == 0


async def test_one_that_is_never_taken_is_given_up_and_can_be_sent_again(outbound: Outbound):
    made, _, system = await outbound.subscribe()
    await outbound.happen("barista")
    bad = f"msg_{made.id}_{(await numbers(outbound))[0]}"
    system.answers[bad] = FAILS

    with capture_logs() as logs:
        for _ in range(12):
            await outbound.send_all()
            outbound.clock.advance(hours=25)

    [standing] = await outbound.standing()
    assert (standing.waiting, standing.given_up) == (0, 1)
    assert system.names.count(bad) == 10
    assert "webhooks.given_up" in {each["event"] for each in logs}
    system.answers.clear()
    await outbound.subscriptions.replay_one(made.id, int(bad.rpartition("_")[2]), "rina")
    await outbound.send_all()
    assert system.names.count(bad) == 11
    [standing] = await outbound.standing()
    assert (standing.subscription.disabled_at, standing.given_up) == (None, 0)


async def numbers(outbound: Outbound) -> list[int]:
    question = select(enrolment_event.c.seal).order_by(enrolment_event.c.seal)
    return await outbound.programme.database.read(lambda c: list(c.execute(question).scalars()))


async def test_one_that_is_down_is_probed_and_nothing_piles_up(outbound: Outbound):
    _, _, system = await outbound.subscribe(URL, always=FAILS)
    await outbound.happen("a", "b", "c", "d", "e")

    await outbound.send_all()
    first = len(system.names)
    for _ in range(10):
        outbound.clock.advance(hours=1, minutes=15)
        await outbound.send_all()

    assert first == WINDOW
    assert len(system.names) <= first + 2 * 10
    [standing] = await outbound.standing()
    assert standing.waiting == 0  # the feed itself is the queue
    assert standing.subscription.failing_since is not None
    system.always = Posted()
    outbound.clock.advance(hours=2)
    system.got.clear()
    await outbound.send_all()
    assert system.statuses.count("CONFIRMED") == 5
    assert (await outbound.standing())[0].subscription.failing_since is None


async def test_days_of_failure_disable_with_an_alarm(outbound: Outbound):
    made, _, system = await outbound.subscribe(URL, always=FAILS)
    await outbound.happen("a")
    with capture_logs() as logs:
        for _ in range(2 * DISABLED_AFTER // timedelta(hours=2)):
            await outbound.send_all()
            outbound.clock.advance(hours=2)

    [standing] = await outbound.standing()
    assert standing.subscription.disabled_for == "it failed for days: answered HTTP 500"
    alarms = [each for each in logs if each["event"] == "webhooks.disabled"]
    assert [(each["log_level"], each["subscription"]) for each in alarms] == [("error", made.id)]
    system.always = Posted()
    assert await outbound.send_all() == 0
    await outbound.subscriptions.enable(made.id, "rina")
    assert await outbound.send_all() == 3  # what happened meanwhile


async def test_410_disables_at_once(outbound: Outbound):
    _, _, system = await outbound.subscribe(URL, always=Posted("answered HTTP 410", is_gone=True))
    await outbound.happen("a")

    await outbound.send_all()
    outbound.clock.advance(days=1)
    await outbound.send_all()

    [standing] = await outbound.standing()
    assert "410" in str(standing.subscription.disabled_for)
    assert len(system.names) == 3


async def test_what_a_subscriber_asks_for_is_waited(outbound: Outbound):
    _, _, system = await outbound.subscribe(
        URL, always=Posted("answered HTTP 429", retry_after=600.0)
    )
    await outbound.happen("a")
    await outbound.send_all()
    before = len(system.names)

    outbound.clock.advance(minutes=9)
    await outbound.send_all()
    assert len(system.names) == before
    outbound.clock.advance(minutes=2)
    await outbound.send_all()

    assert len(system.names) > before


async def test_a_slow_one_holds_up_nobody(outbound: Outbound):
    _, _, slow = await outbound.subscribe("https://slow.test", gate=asyncio.Event())
    _, _, quick = await outbound.subscribe("https://quick.test")
    await outbound.happen(*(f"c{number}" for number in range(WINDOW)))
    running = asyncio.create_task(outbound.sender.run())

    try:
        await until(lambda: len(quick.names) == 3 * WINDOW)
        assert slow.names == []
        await outbound.happen("more")
        await until(lambda: len(quick.names) == 3 * WINDOW + 3)
        slow.gate.set()
        await until(lambda: len(slow.names) == 3 * WINDOW + 3)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert (slow.is_closed, quick.is_closed) == (True, True)


async def test_one_process_at_a_time_sends(outbound: Outbound):
    _, _, system = await outbound.subscribe()
    await outbound.happen("a", "b")
    tasks = [asyncio.create_task(outbound.a_sender(name).run()) for name in ("x", "y", "z")]

    try:
        await until(lambda: len(system.names) >= 6)
        await asyncio.sleep(0.7)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    assert len(system.names) == 6


async def test_after_a_crash_the_same_ids_come_again(outbound: Outbound):
    made, _, system = await outbound.subscribe()
    await outbound.happen("a")
    start = made.reached
    await outbound.send_all()

    def forget(connection):  # as if the process had died before it could write what was taken
        connection.execute(update(webhook_subscription).values(reached=start))

    await outbound.programme.database.write(forget)
    await outbound.send_all()

    assert len(system.names) == 6
    assert len(set(system.names)) == 3


async def test_a_replay_sends_all_since_a_time(outbound: Outbound):
    made, _, system = await outbound.subscribe()
    await outbound.happen("a")
    outbound.clock.advance(hours=1)
    middle = outbound.clock()
    await outbound.happen("b")
    await outbound.send_all()
    system.got.clear()

    await outbound.subscriptions.replay_since(made.id, middle, "rina")
    await outbound.send_all()

    assert system.statuses == ["RESERVED", "SUBMITTING", "CONFIRMED"]
    await outbound.subscriptions.replay_since(made.id, middle + timedelta(days=9), "rina")
    assert await outbound.send_all() == 0
    with pytest.raises(SubscriptionError):
        await outbound.subscriptions.replay_one(made.id, 10**9, "rina")


async def test_a_replay_while_something_is_being_sent_is_not_lost(outbound: Outbound):
    made, _, system = await outbound.subscribe(URL, gate=asyncio.Event())
    await outbound.happen("a")
    sending = asyncio.create_task(outbound.sender.send_due())
    await asyncio.sleep(0.1)
    system.gate.set()
    await sending
    system.gate.clear()
    await outbound.happen("b")
    sending = asyncio.create_task(outbound.sender.send_due())
    await asyncio.sleep(0.1)
    await outbound.subscriptions.replay_since(made.id, outbound.clock() - timedelta(1), "rina")
    system.gate.set()
    await sending
    await outbound.send_all()

    assert len(set(system.names)) == 6
    assert (await outbound.standing())[0].behind == 0


async def test_a_disabled_one_is_sent_nothing(outbound: Outbound):
    made, _, system = await outbound.subscribe()
    await outbound.subscriptions.disable(made.id, "rina")
    await outbound.happen("a")

    assert await outbound.send_all() == 0
    [standing] = await outbound.standing()
    assert (standing.subscription.disabled_for, standing.behind > 0) == ("by rina", True)
    assert system.names == []
    with pytest.raises(SubscriptionError):
        await outbound.subscriptions.disable("nobody", "rina")


async def test_no_secret_is_kept_in_clear(outbound: Outbound):
    _, secret, _ = await outbound.subscribe()
    sealed = select(webhook_subscription.c.sealed)

    [kept] = await outbound.programme.database.read(lambda c: list(c.execute(sealed).scalars()))

    assert secret.encode() not in kept
    counted = select(func.count()).select_from(webhook_subscription)
    assert await outbound.programme.database.read(lambda c: c.execute(counted).scalar_one()) == 1
