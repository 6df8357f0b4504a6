"""A page is the same however its courses were found in their order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue.orders import Ranking
from gateway.catalogue.parts import page_of
from schema.ports import CourseSort

dense = st.integers(0, 60)
sparse = st.integers(0, 2**62)


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from([dense, sparse]).flatmap(lambda each: st.lists(each, min_size=1, unique=True)),
    st.integers(1, 8),
    st.booleans(),
    st.tuples(*[st.none() | dense] * 2),
)
def test_a_page_has_the_nearest_places_in_their_order(places, wanted, from_end, bounds):
    first, end = bounds
    slots = np.arange(len(places), dtype=np.int32)

    page = page_of(np.array(places, np.int64), slots, wanted, bounds, from_end=from_end)

    inside = [
        (place, slot)
        for slot, place in enumerate(places)
        if (first is None or place >= first) and (end is None or place < end)
    ]
    found = [slot for _, slot in sorted(inside)]
    assert list(page.slots) == (found[-wanted:] if from_end else found[:wanted])
    has_more = len(found) > wanted
    assert (page.has_previous if from_end else page.has_next) >= has_more


@pytest.mark.parametrize("from_end", [False, True])
def test_many_more_courses_than_a_page_are_seated_and_not_sorted(from_end, monkeypatch):
    places = np.random.default_rng(1).permutation(1_500).astype(np.int64)
    monkeypatch.setattr(np, "partition", None)

    page = page_of(places, np.arange(1_500, dtype=np.int32), 5, (None, None), from_end=from_end)

    wanted = range(1_495, 1_500) if from_end else range(5)
    assert [int(places[slot]) for slot in page.slots] == list(wanted)


@given(st.data(), st.integers(1, 6), st.booleans())
def test_the_ends_of_an_order_are_found_without_looking_at_all_of_it(data, most, from_end):
    ordered = data.draw(st.permutations(range(40)))[: data.draw(st.integers(1, 40))]
    order = Ranking([None] * 40, CourseSort.TITLE, np.array(ordered, np.int32))
    wanted = data.draw(st.lists(st.sampled_from(ordered), min_size=1, unique=True))

    is_wanted = np.isin(np.arange(40), wanted)

    found = order.ends(is_wanted, len(wanted), most, from_end=from_end)

    expected = [slot for slot in ordered if slot in wanted]
    assert found == (expected[-most:] if from_end else expected[:most])
