"""Several operations in one body: let in where they are, and counted together."""

import pytest

from tests.unit.web.edge import GRAPHQL, Edge, codes

pytestmark = pytest.mark.anyio

TYPENAME = "{ __typename }"


@pytest.mark.parametrize("size", [1, 10, 1000])
async def test_batches_are_refused_where_they_are_not_let_in(edge, size):
    answer = await edge.send(json=[{"query": TYPENAME}] * size)

    assert (answer.status_code, codes(answer)) == (400, ["BATCH_REFUSED"])


async def test_a_batch_is_answered_in_its_order_each_for_itself():
    edge = Edge(options={"most_batched": 100})
    answer = await edge.send(
        json=[{"query": TYPENAME}, {"query": "{"}, {"query": "{ a: __typename }"}]
    )

    first, second, third = answer.json()
    assert (first, third) == ({"data": {"__typename": "Query"}}, {"data": {"a": "Query"}})
    assert "data" not in second


@pytest.mark.parametrize(("size", "code"), [(0, "BAD_REQUEST"), (11, "BATCH_REFUSED")])
async def test_a_batch_has_one_to_ten_whatever_is_set(size, code):
    edge = Edge(options={"most_batched": 100})
    answer = await edge.send(json=[{"query": TYPENAME}] * size)

    assert (answer.status_code, codes(answer)) == (400, [code])


async def test_what_a_batch_costs_is_counted_together():
    edge = Edge(options={"most_batched": 10})
    lists = (f"{name}: courses(first: 100) {{ nodes {{ id title }} }}" for name in "abcdef")
    one = f"{{ {' '.join(lists)} }}"
    alone = await edge.send(json=[{"query": one}], headers={"GraphQL-Cost": "1"})
    cost = alone.json()[0]["extensions"]["cost"]
    size = cost["limit"] // cost["requested"] + 1
    assert size <= 10

    answer = await edge.send(json=[{"query": one}] * size, headers={"Accept": GRAPHQL})

    assert (answer.status_code, codes(answer)) == (400, ["QUERY_TOO_COSTLY"])
    assert edge.contexts == 1


async def test_a_batch_has_no_more_mutations_than_a_document():
    edge = Edge(options={"most_batched": 10})
    two = {"query": "mutation { a: __typename b: __typename }"}

    answer = await edge.send(json=[two] * 3, headers={"Accept": GRAPHQL})

    assert (answer.status_code, codes(answer)) == (400, ["QUERY_TOO_COMPLEX"])
    assert edge.contexts == 0


@pytest.mark.parametrize("query", [TYPENAME, 'subscription { enrolmentChanged(id: "x") { id } }'])
async def test_a_batch_is_never_a_stream_of_events(query):
    edge = Edge(options={"most_batched": 10})
    headers = {"Accept": "text/event-stream", "Authorization": "Bearer ani"}

    answer = await edge.send(json=[{"query": query}], headers=headers)

    assert (answer.status_code, codes(answer)) == (406, ["NOT_ACCEPTABLE"])
    assert edge.contexts == 0


async def test_in_a_batch_nobody_subscribes():
    edge = Edge(options={"most_batched": 10})
    subscription = {"query": 'subscription { enrolmentChanged(id: "x") { id } }'}

    answer = await edge.send(json=[subscription, {"query": TYPENAME}])

    [refused, told] = answer.json()
    assert refused["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_NEEDS_STREAM"
    assert told == {"data": {"__typename": "Query"}}
