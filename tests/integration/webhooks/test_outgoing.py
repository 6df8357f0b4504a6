"""Webhooks to subscribed systems: signed, in order, and sent again after a crash or by order."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from gateway.storage.webhook_tables import webhook_subscription
from gateway.webhooks.posting import Posted
from gateway.webhooks.signing import Envelope, is_signed
from gateway.webhooks.subscriptions import SubscriptionError
from gateway.webhooks.windows import WINDOW
from schema.model.enrolment import EnrolmentStatus
from tests.integration.enrolment.builders import until
from tests.integration.webhooks.outbound import URL, Outbound

pytestmark = pytest.mark.anyio


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
