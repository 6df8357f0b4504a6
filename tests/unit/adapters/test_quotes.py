"""From partners' rows to quotes: one bad row costs itself alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import Quote
from adapters.errors import PartnerContractError
from adapters.parsing import Record, price, remote_id
from adapters.quotes import to_quotes
from schema.model.values import Money, RemoteId

ASKED = [RemoteId("a"), RemoteId("b")]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "price"]), inner),
    max_leaves=8,
)


def to_quote(row: Record) -> Quote:
    return Quote(remote_id(row, "id"), price(row["price"]))


def read(*rows: object) -> dict[str, Money | None]:
    found = to_quotes(rows, to_quote, asked=ASKED, partner="partner")
    return {quote.offering: quote.price for quote in found}


def test_rows_are_read_whatever_their_order():
    assert read({"id": "b", "price": 2}, {"id": "a", "price": 1}) == {
        "a": Money(1),
        "b": Money(2),
    }


def test_a_row_that_cannot_be_read_costs_itself_alone():
    assert read({"id": "a", "price": "?"}, 7, {"id": "b", "price": 2}) == {"b": Money(2)}


def test_nothing_that_can_be_read_is_a_broken_contract():
    with pytest.raises(PartnerContractError):
        read({"id": "a", "price": "?"})


@pytest.mark.parametrize("rows", [[], [None], [None, None]])
def test_what_is_not_sold_is_no_fault(rows: list[None]):
    assert read(*rows) == {}


def test_what_was_not_asked_for_is_left_out():
    assert read({"id": "c", "price": 3}, {"id": "a", "price": 1}) == {"a": Money(1)}


def test_of_two_rows_about_one_the_last_counts():
    assert read({"id": "a", "price": 1}, {"id": "a", "price": 2}) == {"a": Money(2)}


@given(st.lists(JSON))
def test_hostile_rows_break_nothing(rows: list[object]):
    try:
        found = read(*rows)
    except PartnerContractError:
        return
    assert found.keys() <= set(ASKED)
