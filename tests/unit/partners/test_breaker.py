"""When a partner is cut off, probed, and called again.  Time is a number."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.partners.breaker import Breaker, BreakerPolicy, BreakerState, Outcome

ANSWERED, FAILED, UNKNOWN = Outcome.ANSWERED, Outcome.FAILED, Outcome.UNKNOWN
POLICY = BreakerPolicy()


def call(breaker: Breaker, outcome: Outcome, now: float) -> bool:
    """Make a request that ends at once; return whether it was let through."""
    permit = breaker.admit(now)
    if permit is not None:
        breaker.record(permit, outcome, now)
    return permit is not None


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(POLICY.in_a_row):
        assert call(breaker, FAILED, now)
    return breaker


def closed_again(breaker: Breaker, now: float) -> float:
    """Let probes succeed until it closes; return when that was."""
    while breaker.state is not BreakerState.CLOSED:
        now += breaker.wait(now)
        assert call(breaker, ANSWERED, now)
    return now


def test_it_opens_within_ten_failures():
    breaker = opened()

    assert breaker.state is BreakerState.OPEN
    assert not call(breaker, ANSWERED, 4.9)
    assert breaker.wait(2.0) == 3.0


def test_nine_failures_and_an_answer_open_nothing():
    breaker = Breaker()
    for minute in range(100):
        for outcome in [*[FAILED] * 9, ANSWERED]:
            call(breaker, outcome, minute * 61.0)

    assert breaker.state is BreakerState.CLOSED


def test_what_says_nothing_of_the_partner_neither_opens_it_nor_breaks_a_row():
    breaker = Breaker()
    for _ in range(100):
        call(breaker, UNKNOWN, 0.0)
    assert breaker.state is BreakerState.CLOSED

    for _ in range(10):
        call(breaker, FAILED, 0.0)
        call(breaker, UNKNOWN, 0.0)
    assert breaker.state is BreakerState.OPEN


def test_a_sample_that_failed_mostly_opens_it():
    breaker = Breaker()
    for number in range(40):
        call(breaker, ANSWERED if number % 5 == 0 else FAILED, float(number))

    assert breaker.state is BreakerState.OPEN


def test_a_sample_that_is_old_says_nothing():
    breaker = Breaker()
    for number in range(40):
        call(breaker, ANSWERED if number % 5 == 0 else FAILED, number * 3.0)

    assert breaker.state is BreakerState.CLOSED


@pytest.mark.parametrize("share", [0.01, 0.3])
def test_a_partner_that_fails_now_and_then_is_hardly_ever_cut_off(share: float):
    dice, breaker, now, refused = random.Random(1), Breaker(), 0.0, 0
    for _ in range(100_000):
        now += 0.01
        refused += not call(breaker, FAILED if dice.random() < share else ANSWERED, now)

    assert refused <= 0.05 * 100_000


def test_one_probe_at_a_time():
    breaker = opened()
    probe = breaker.admit(5.0)

    assert probe is not None
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.admit(5.0) is None
    assert breaker.admit(500.0) is None
    assert breaker.wait(500.0) == POLICY.probe_every


def test_it_closes_after_several_probes_each_five_seconds_after_the_other():
    breaker = opened()

    assert closed_again(breaker, 0.0) == 15.0


def test_probes_that_fail_come_ever_more_seldom():
    breaker, now, waits = opened(), 0.0, []
    for _ in range(6):
        waits.append(breaker.wait(now))
        now += waits[-1]
        assert call(breaker, FAILED, now)

    assert waits == [5, 10, 20, 30, 30, 30]


def test_a_probe_that_says_nothing_is_made_again():
    breaker = opened()
    call(breaker, UNKNOWN, 5.0)

    assert breaker.state is BreakerState.OPEN
    assert breaker.wait(5.0) == 5.0


def test_a_partner_that_flaps_every_five_seconds_stays_cut_off():
    """C16: up and down every five seconds; the state that people see does not follow."""
    breaker, changes, before = Breaker(), 0, True
    for tick in range(36_000):  # an hour, ten calls a second
        now = tick / 10
        is_up = int(now / 5) % 2 == 1
        call(breaker, ANSWERED if is_up else FAILED, now)
        is_closed = breaker.state is BreakerState.CLOSED
        changes, before = changes + (is_closed is not before), is_closed

    assert changes <= 3


def test_a_relapse_waits_longer_and_takes_more_answers():
    breaker = opened()
    now = closed_again(breaker, 0.0)
    for _ in range(10):
        call(breaker, FAILED, now)

    assert breaker.wait(now) == 10.0
    assert closed_again(breaker, now) == now + 10 + 3 * 5


def test_opening_again_much_later_is_no_relapse():
    breaker = opened()
    now = closed_again(breaker, 0.0) + POLICY.relapse + 1
    for _ in range(10):
        call(breaker, FAILED, now)

    assert breaker.wait(now) == 5.0


def test_what_was_under_way_when_it_opened_says_nothing_of_the_probes():
    breaker = Breaker()
    late = [breaker.admit(0.0) for _ in range(20)]
    for permit in late[:10]:
        breaker.record(permit, FAILED, 1.0)
    assert breaker.state is BreakerState.OPEN

    for permit in late[10:]:
        breaker.record(permit, ANSWERED, 2.0)

    assert breaker.state is BreakerState.OPEN
    assert breaker.wait(2.0) == 4.0


Steps = st.lists(
    st.tuples(
        st.floats(0, 8),  # seconds until the next request
        st.floats(0, 12),  # seconds that it takes
        st.sampled_from([FAILED, FAILED, FAILED, ANSWERED, UNKNOWN]),
    ),
    min_size=20,
    max_size=200,
)


@given(Steps)
def test_never_more_than_one_probe_in_five_seconds(steps):
    breaker, now, under_way, probes = opened(), 0.0, [], []
    for gap, takes, outcome in steps:
        now += gap
        due = [each for each in under_way if each[0] <= now]
        under_way = [each for each in under_way if each[0] > now]
        for ends_at, permit, told in sorted(due, key=lambda each: each[0]):
            breaker.record(permit, told, ends_at)
        permit = breaker.admit(now)
        if permit is None:
            assert breaker.wait(now) > 0
            continue
        if permit.is_probe:
            assert not any(each[1].is_probe for each in under_way if each[1].era == permit.era)
            probes.append(now)
        under_way.append((now + takes, permit, outcome))

    gaps = [later - earlier for earlier, later in pairwise(probes)]
    assert all(gap >= 5 for gap in gaps)
