"""The loop is not held up for long by what a thread builds beside it."""

import sys

import pytest

from gateway.priority import TURN_SECONDS, take_short_turns

USUAL = 0.005  # as Python has it, unless it is told otherwise


@pytest.fixture(autouse=True)
def _as_before():
    interval = sys.getswitchinterval()
    yield
    sys.setswitchinterval(interval)


def test_threads_take_turns_ten_times_as_often_as_they_would():
    sys.setswitchinterval(USUAL)

    take_short_turns()

    assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS)
    assert USUAL / 10 >= TURN_SECONDS
