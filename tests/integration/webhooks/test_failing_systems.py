"""Systems that take no webhook: tried less and less, then no more; never in another's way."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from gateway.storage.ledger_tables import enrolment_event
from gateway.webhooks.posting import Posted
from gateway.webhooks.schedule import DISABLED_AFTER
from gateway.webhooks.windows import WINDOW
from tests.integration.enrolment.builders import until
from tests.integration.webhooks.outbound import FAILS, URL, Outbound

pytestmark = pytest.mark.anyio


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
