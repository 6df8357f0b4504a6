"""What clients and learners spend comes back evenly; every field and every guess is paid."""

import asyncio
from itertools import count

import pytest
from graphql import is_input_object_type, is_object_type
from hypothesis import given
from hypothesis import strategies as st

from gateway.execution.buckets import Bucket, LocalBuckets, spend
from gateway.execution.budgets import REFUSALS, Budgets, Gate, Payer
from gateway.execution.engine import Question, RefusedError, Stage

pytestmark = pytest.mark.anyio
ANI, BUDI = Payer("app", "ani"), Payer("app", "budi")
QUESTION = Question("{ partners { code } }")


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def build(engine, clock):
    def build(points=None, mutations=None):
        buckets = LocalBuckets(clock=clock)
        budgets = Budgets(buckets, points_a_minute=points, mutations_a_minute=mutations)
        return Gate(engine, budgets)

    return build


def enrolling(times):
    calls = (
        f'm{n}: enrol(input: {{offeringId: "x", idempotencyKey: "{n}"}}) '
        "{ userErrors { code } }"
        for n in range(times)
    )
    return Question(f"mutation {{ {' '.join(calls)} }}")


async def refused(gate, question, payer=ANI):
    with pytest.raises(RefusedError) as caught:
        await gate.admit(question, payer)
    return caught.value


async def test_a_client_spends_what_its_questions_cost(build):
    gate = build(points=100)

    first, second = [await gate.admit(QUESTION, ANI) for _ in range(2)]

    assert first.prepared.cost == 21
    assert [first.allowance.remaining, second.allowance.remaining] == [79, 58]
    assert second.allowance.headers == {
        "RateLimit-Policy": '"client";q=100;w=60',
        "RateLimit": '"client";r=58;t=26',
    }


async def test_of_clients_who_have_all_back_nothing_is_known(clock):
    buckets, bucket = LocalBuckets(clock=clock), Bucket(60)
    for number in range(50):
        await buckets.spend(f"client:{number}", bucket, 60)
    known = len(buckets)

    clock.now += bucket.window + 1
    await buckets.spend("client:next", bucket, 1)

    assert (known, len(buckets)) == (50, 1)


async def test_who_has_spent_all_is_told_when_to_come_again(build, clock):
    gate = build(points=50)
    for _ in range(2):
        await gate.admit(QUESTION, ANI)

    refusal = await refused(gate, QUESTION)

    [error] = refusal.errors
    assert refusal.stage is Stage.BUDGET
    assert error.extensions == {"code": "RATE_LIMITED", "retryAfter": 16, "of": "client"}
    assert refusal.allowance.headers["Retry-After"] == "16"
    clock.now += 16
    assert await gate.admit(QUESTION, ANI)


async def test_nobody_pays_for_another(build):
    gate = build(points=30)

    await gate.admit(QUESTION, Payer("one"))

    assert await gate.admit(QUESTION, Payer("two"))


async def test_without_budgets_nothing_is_counted(build):
    gate = build()

    assert [(await gate.admit(enrolling(5), ANI)).allowance for _ in range(20)] == [None] * 20


@pytest.mark.parametrize(("seconds", "is_first"), [(0.001, False), (0.02, True)])
async def test_others_get_a_turn_between_long_preparing_and_running(
    build, monkeypatch, seconds, is_first
):
    now = count(step=seconds)
    monkeypatch.setattr("gateway.execution.budgets.time.perf_counter", lambda: next(now))
    others: list[str] = []
    asyncio.get_running_loop().call_soon(others.append, "answered")

    await build(points=None).admit(Question("{ __typename }"), ANI)

    assert bool(others) is is_first


async def test_b12_who_guesses_names_is_told_none_and_is_soon_refused(build):
    gate = build(points=20 * REFUSALS[Stage.VALIDATION])
    words = [f"titl{n}" for n in range(1_000)]

    told = []
    for word in words:
        refusal = await refused(gate, Question(f"{{ courses {{ nodes {{ {word} }} }} }}"))
        told.append(refusal)
        if refusal.stage is Stage.BUDGET:
            break

    assert len(told) == 21
    assert all("Did you mean" not in each.errors[0].message for each in told)
    assert told[-1].codes == {"RATE_LIMITED"}


async def test_b13_a_learner_is_counted_by_the_field_and_not_by_the_request(build):
    gate = build(mutations=5)

    await gate.admit(enrolling(3), ANI)

    refusal = await refused(gate, enrolling(3))
    assert refusal.errors[0].extensions["of"] == "learner"
    assert await gate.admit(enrolling(2), ANI)
    assert (await refused(gate, enrolling(1))).codes == {"RATE_LIMITED"}
    assert await gate.admit(QUESTION, ANI)
    assert await gate.admit(enrolling(5), BUDI)


def test_b13_nothing_secret_can_be_guessed_by_graphql(engine):
    """Passwords are taken by the partner API alone, which locks after five wrong ones."""
    types = engine._schema.type_map.values()
    inputs = {name for each in types if is_input_object_type(each) for name in each.fields}
    fields = [each for kind in types if is_object_type(kind) for each in kind.fields.values()]
    arguments = {name for field in fields for name in field.args}

    assert "idempotencyKey" in inputs
    assert "first" in arguments
    secrets = ("password", "otp", "voucher", "pin", "secret", "redeemcode", "token")
    guessable = [
        name for name in inputs | arguments if any(name.lower().endswith(each) for each in secrets)
    ]
    assert guessable == [], "count wrong ones per learner and lock, as the partner API does"


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 20)), max_size=20))
def test_nobody_ever_gets_more_than_the_bucket_and_what_refills(requests):
    bucket, full_at, now, granted = Bucket(10, window=10.0), 0.0, 100.0, 0
    for wait, amount in requests:
        now += wait
        allowance, full_at = spend(bucket, full_at, now, amount)
        if allowance.retry_after is None:
            granted += min(amount, 10)
        assert 0 <= allowance.remaining <= 10
        assert 0 <= allowance.reset <= 10 + 1e-6

    assert granted <= 10 + (now - 100.0) + 1e-6


def test_who_waits_as_long_as_told_gets_it():
    bucket = Bucket(10, window=10.0)
    _, full_at = spend(bucket, 0.0, 100.0, 10)
    refusal, full_at = spend(bucket, full_at, 100.0, 4)

    granted, _ = spend(bucket, full_at, 100.0 + refusal.retry_after, 4)

    assert (refusal.retry_after, granted.retry_after) == (4.0, None)


async def test_processes_that_do_not_know_of_each_other_share_what_there_is(clock):
    buckets = LocalBuckets(processes=4, clock=clock)

    taken = [await buckets.spend("x", Bucket(20), 1) for _ in range(6)]

    assert [each.retry_after is None for each in taken] == [True] * 5 + [False]
