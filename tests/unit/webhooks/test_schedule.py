"""When a webhook that was not taken is sent again."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.webhooks.schedule import DISABLED_AFTER, LONGEST_REST, RETRIES, rest, retry_wait


def test_a_message_is_repeated_over_three_days_and_then_given_up():
    waits = [retry_wait(attempts, 0, lambda: 0.0) for attempts in range(1, len(RETRIES) + 2)]

    assert waits[-1] is None
    assert sum((wait for wait in waits if wait), timedelta()) > DISABLED_AFTER
    assert waits[0] == timedelta(seconds=5)


@given(st.integers(1, 10_000), st.floats(0, 900), st.floats(0, 1))
def test_rests_are_bounded_and_what_the_subscriber_asks_for(
    attempts: int, told: float, luck: float
):
    wait = rest(attempts, told, lambda: luck)

    assert timedelta(seconds=told) <= wait <= 1.2 * max(LONGEST_REST, timedelta(seconds=900))
    assert wait >= timedelta(seconds=2)
