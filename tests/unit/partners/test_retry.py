"""When a failed call is repeated, and after what wait.  No test sleeps: time is a number."""

import pytest

from adapters.errors import (
    AmbiguousPartnerError,
    PartnerContractError,
    PartnerError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from gateway.partners.retry import RetryPolicy, build_retrying, retry_after

pytestmark = pytest.mark.anyio

DOWN = PartnerUnavailableError("tokopedia", "connection refused")


class Time:
    """A clock that moves only when someone sleeps, and remembers for how long."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


class Partner:
    """Fails with each error in turn, then answers."""

    def __init__(self, *errors: PartnerError) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def answer(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def retrying(time: Time, policy: RetryPolicy | None = None, ends_at: float = 100.0, roll=1.0):
    return build_retrying(
        policy or RetryPolicy(),
        ends_at=ends_at,
        clock=time.clock,
        sleep=time.sleep,
        dice=lambda: roll,
    )


async def test_a_partner_that_comes_back_is_answered():
    time, partner = Time(), Partner(DOWN, DOWN)

    answer = await retrying(time)(partner.answer)

    assert (answer, partner.calls) == ("answer", 3)


async def test_waits_double_up_to_the_longest():
    time, partner = Time(), Partner(*[DOWN] * 5)
    policy = RetryPolicy(attempts=6, first_wait=1, longest_wait=5)

    await retrying(time, policy)(partner.answer)

    assert time.sleeps == [1, 2, 4, 5, 5]


async def test_the_dice_decide_how_much_of_a_wait_is_waited():
    time, partner = Time(), Partner(DOWN)

    await retrying(time, RetryPolicy(first_wait=1), roll=0.25)(partner.answer)

    assert time.sleeps == [0.25]


async def test_the_last_failure_is_raised_as_it_was_when_attempts_run_out():
    time, partner = Time(), Partner(*[DOWN] * 9)

    with pytest.raises(PartnerUnavailableError, match="connection refused"):
        await retrying(time, RetryPolicy(attempts=4))(partner.answer)

    assert partner.calls == 4


async def test_gives_up_rather_than_wait_past_the_deadline():
    time, partner = Time(), Partner(PartnerThrottledError("tokopedia", retry_after=60))

    with pytest.raises(PartnerThrottledError):
        await retrying(time, ends_at=30)(partner.answer)

    assert (partner.calls, time.sleeps) == (1, [])


async def test_waits_as_long_as_the_partner_asked():
    time, partner = Time(), Partner(PartnerThrottledError("tokopedia", retry_after=7))

    await retrying(time)(partner.answer)

    assert time.sleeps == [7]


@pytest.mark.parametrize(
    "error",
    [
        AmbiguousPartnerError("tokopedia", "line dropped after the request"),
        PartnerRefusedError("tokopedia", "HTTP 400"),
        PartnerContractError("tokopedia", "not JSON"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_may_have_happened_or_cannot_help_is_never_repeated(error: PartnerError):
    time, partner = Time(), Partner(error)

    with pytest.raises(type(error)):
        await retrying(time)(partner.answer)

    assert partner.calls == 1


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        pytest.param(None, 0, id="not-told"),
        pytest.param(-1, 0, id="in-the-past"),
        pytest.param(30, 30, id="as-told"),
        pytest.param(3600, 900, id="at-most-15-minutes"),
        pytest.param(float("inf"), 900, id="for-ever"),
        pytest.param(float("nan"), 0, id="nonsense"),
    ],
)
def test_retry_after_is_clamped(asked: float | None, kept: float):
    assert retry_after(PartnerThrottledError("tokopedia", retry_after=asked)) == kept
