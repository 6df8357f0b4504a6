"""What clients spend, and what those are told who have spent all."""

import pytest

from gateway.execution.buckets import LocalBuckets
from gateway.execution.budgets import Budgets
from gateway.web.replies import CACHE_PUBLIC
from tests.unit.web.asked import TITLES, TOKEN
from tests.unit.web.edge import GRAPHQL, JSON, PREFLIGHT, Edge

pytestmark = pytest.mark.anyio


@pytest.fixture
def poor():
    """An edge where one client may spend five points a minute, and `TITLES` costs more."""
    return Edge(budgets=Budgets(LocalBuckets(clock=lambda: 0.0), points_a_minute=5))


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_who_has_spent_all_is_told_when_to_come_again(poor, accept):
    first, second = await poor.ask(TITLES, accept), await poor.ask(TITLES, accept)

    assert (first.status_code, second.status_code) == (200, 429)
    assert first.headers["ratelimit"].startswith('"client";r=0')
    assert int(second.headers["retry-after"]) > 0
    assert poor.contexts == 1


async def test_a_shared_answer_is_paid_for_too(poor):
    await poor.ask("{ __typename }")
    again = await poor.ask("{ __typename }")

    assert again.headers["ratelimit"].startswith('"client";r=3')
    assert poor.contexts == 1


@pytest.mark.parametrize("query", [TITLES, f"{TITLES[:-1]} me {{ id }} }}"])
async def test_what_is_refused_is_not_counted_as_spent(poor, query):
    for _ in range(3):
        await poor.ask(query)

    assert [each.outcome for each in poor.seen] == ["ok", "refused", "refused"]
    assert [each.cost for each in poor.seen[1:]] == [None, None]


async def test_what_is_left_to_spend_is_not_told_where_others_may_keep_it(poor):
    public = await poor.get(PREFLIGHT, query="{ __typename }")

    assert public.headers["cache-control"] == CACHE_PUBLIC
    assert "ratelimit" not in public.headers


async def test_others_have_budgets_of_their_own(poor):
    await poor.ask(TITLES)
    other = await poor.send(json={"query": TITLES}, headers=TOKEN)

    assert other.status_code == 200
