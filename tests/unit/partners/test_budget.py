"""Retries are paid for by calls."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.partners.budget import FLOOR, MOST, RetryBudget


@given(st.lists(st.booleans(), max_size=2_000))
def test_retries_are_never_more_than_a_fifth_of_calls_and_three(steps):
    budget, calls, retries = RetryBudget(), 0, 0
    for is_call in steps:
        if is_call:
            budget.earn()
            calls += 1
        else:
            retries += budget.spend()
        assert retries <= 0.2 * calls + FLOOR


def test_a_partner_that_is_rarely_called_has_three_retries():
    budget = RetryBudget()

    assert [budget.spend() for _ in range(4)] == [True, True, True, False]


def test_five_calls_pay_for_a_retry_exactly():
    budget = RetryBudget(floor=0)
    for _ in range(4):
        budget.earn()
    assert not budget.spend()

    budget.earn()
    assert budget.spend()


def test_a_long_quiet_time_saves_up_only_so_much():
    budget = RetryBudget()
    for _ in range(10_000):
        budget.earn()

    assert sum(budget.spend() for _ in range(100)) == MOST
