"""`Offering.quote`: asked together, and not more of it than one request gets."""

from datetime import timedelta

import pytest

from schema.loaders import MOST_QUOTES, QuoteLoader
from schema.model.quotes import KnownQuote
from schema.model.values import FreshnessState, Money, RemoteId
from schema.types.catalogue import QUOTE_COST, Offering
from schema.types.described import COST
from tests.unit.schema.api import Api
from tests.unit.schema.fakes import NOW, FakeQuotes, a_course, an_offering

pytestmark = pytest.mark.anyio

QUOTES = """
query ($first: Int) {
  courses(first: $first) {
    nodes { offerings { quote { price { amount currency } seatsLeft asOf freshness } } }
  }
}
"""


def a_quote(**told) -> KnownQuote:
    given = {
        "price": Money(325_000),
        "as_of": NOW - timedelta(minutes=1),
        "freshness": FreshnessState.STALE,
        "seats": {RemoteId("s1"): 2, RemoteId("s2"): 3},
    } | told
    return KnownQuote(**given)


async def test_a_quote_says_price_seats_and_age():
    api = Api([a_course(1)])
    api.quotes.known[an_offering("o1").id] = a_quote()

    answer = await api.ask(QUOTES, first=10)

    [offering] = answer["courses"]["nodes"][0]["offerings"]
    assert offering["quote"] == {
        "price": {"amount": 325_000, "currency": "IDR"},
        "seatsLeft": 5,
        "asOf": "2020-04-11T08:59:00+07:00",
        "freshness": "STALE",
    }


async def test_what_nobody_knows_is_null():
    api = Api([a_course(1)])

    answer = await api.ask(QUOTES, first=10)

    assert answer["courses"]["nodes"][0]["offerings"] == [{"quote": None}]


async def test_all_quotes_of_a_request_are_asked_for_in_one_go():
    api = Api([a_course(n) for n in range(1, 6)])

    await api.ask(QUOTES, first=10)

    assert [sorted(keys) for keys in api.quotes.asked] == [["o1", "o2", "o3", "o4", "o5"]]


async def test_the_same_offering_counts_once():
    api = Api([a_course(1)])
    again = " ".join(f"q{n}: quote {{ asOf }}" for n in range(MOST_QUOTES + 5))

    await api.ask(f"{{ courses {{ nodes {{ offerings {{ {again} }} }} }} }}")

    assert api.quotes.asked == [["o1"]]


async def test_a_request_gets_only_so_many_quotes_and_is_told_so_once():
    api = Api([a_course(n) for n in range(1, MOST_QUOTES + 11)])
    for number in range(1, MOST_QUOTES + 11):
        api.quotes.known[an_offering(f"o{number}").id] = a_quote()

    result = await api.execute(QUOTES, first=100)

    [error] = result.errors
    assert error.extensions == {"code": "BAD_USER_INPUT"}
    assert str(MOST_QUOTES) in error.message
    found = [o["quote"] for c in result.data["courses"]["nodes"] for o in c["offerings"]]
    assert [quote is not None for quote in found] == [True] * MOST_QUOTES + [False] * 10
    assert len(api.quotes.asked[0]) == MOST_QUOTES


async def test_what_is_asked_later_is_told_anew():
    """A subscription's answers share one loader, and come hours apart."""
    quotes = FakeQuotes()
    loader = QuoteLoader(quotes.read_quotes)

    for _ in range(MOST_QUOTES + 1):
        await loader.load(an_offering("o1"))

    assert quotes.asked == [["o1"]] * (MOST_QUOTES + 1)


def test_what_a_quote_costs_is_found_at_its_field():
    [field] = [each for each in Offering.__strawberry_definition__.fields if each.name == "quote"]

    assert field.metadata == {COST: QUOTE_COST}
