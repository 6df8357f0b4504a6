"""Answers are made anew in the background, a share of the time and no more."""

import asyncio
import math
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.execution.answers import Answer, Promise
from gateway.execution.at_hand import AtHand, Kept
from gateway.web.renewals import LONGEST, SHARE, Renewals

pytestmark = pytest.mark.anyio


class Renewed:
    """Answers that take their time, on a clock that is moved."""

    def __init__(self) -> None:
        self.now = 100.0
        self.made: list[str] = []
        self.renewals = Renewals(clock=lambda: self.now)

    def kept(self, key: str, seconds: float = 0.002) -> Kept:
        state: Any = None
        promise = Promise(state, "1", with_partners=False, until=math.inf, clock=lambda: 0.0)

        async def renew() -> tuple[Answer, Kept | None]:
            await asyncio.sleep(0)
            if key == "broken":
                raise RuntimeError("Siti's secret")
            self.made.append(key)
            return kept.answer, kept

        kept = Kept(AtHand(), key, Answer(200, b""), promise, renew, 0)
        kept.seconds = seconds
        return kept

    async def begin(self, *kept: Kept) -> None:
        for each in kept:
            self.renewals.begin(each)
        for _ in range(4):
            await asyncio.sleep(0)


@pytest.fixture
def renewed() -> Renewed:
    return Renewed()


async def test_only_a_share_of_the_time_is_worked(renewed):
    for n in range(1_000):
        renewed.now += 0.001
        await renewed.begin(renewed.kept(str(n)))

    assert 0.9 * SHARE < len(renewed.made) * 0.0022 < SHARE + 2 * LONGEST


async def test_nobody_waits_for_many_at_once(renewed):
    renewed.now += 60

    await renewed.begin(*(renewed.kept(str(n)) for n in range(100)))

    assert len(renewed.made) * 0.002 <= LONGEST + 0.002


async def test_one_that_is_being_made_is_not_begun_again(renewed):
    await renewed.begin(*[renewed.kept("a")] * 3)

    assert renewed.made == ["a"]


async def test_one_that_fails_is_told_of_without_what_it_said(renewed):
    with capture_logs() as logs:
        await renewed.begin(renewed.kept("broken"))
    renewed.now += 1
    await renewed.begin(renewed.kept("next"))

    assert renewed.made == ["next"]
    [line] = logs
    assert (line["event"], line["error"]) == ("answers.renewal_failed", "RuntimeError")
    assert "Siti" not in str(line)
