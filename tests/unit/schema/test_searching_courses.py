"""Searching the catalogue: what is asked, where it is found, and what may be meant."""

import pytest

from schema.ids import NodeKind, to_global_id
from schema.model.values import CourseLevel, DeliveryMode
from schema.ports import CourseFilter, CourseQuery, CourseSort
from tests.unit.schema.fakes import (
    LEMBAGA,
    NOW,
    TOKOPEDIA,
)

pytestmark = pytest.mark.anyio


async def test_the_whole_question_reaches_the_catalogue(api):
    await api.ask(
        """query ($institution: ID!, $search: String) {
          courses(search: $search, sort: RATING, filter: {
            partners: ["tokopedia"], institutions: [$institution], categories: ["teknik"],
            levels: [ALL], deliveryModes: [ONSITE], languages: ["id"], regions: ["31.71"],
            priceMin: 0, priceMax: 500000, startsAfter: "2020-04-11T09:00:00+07:00",
            availableOnly: true
          }) { totalCount }
        }""",
        institution=to_global_id(NodeKind.INSTITUTION, LEMBAGA.id),
        search="  desain\u0000\n grafis ",
    )

    assert api.catalogue.asked == [
        CourseQuery(
            search="desain grafis",
            filter=CourseFilter(
                partners=(TOKOPEDIA,),
                institutions=(LEMBAGA.id,),
                categories=("teknik",),
                levels=(CourseLevel.ALL,),
                delivery_modes=(DeliveryMode.ONSITE,),
                languages=("id",),
                regions=("31.71",),
                price_min=0,
                price_max=500_000,
                starts_after=NOW,
                available_only=True,
            ),
            sort=CourseSort.RATING,
        )
    ]


@pytest.mark.parametrize("search", ["", "   ", "\u0000\u0007", None])
async def test_a_search_for_nothing_is_no_search(api, search):
    await api.ask("query ($s: String) { courses(search: $s) { totalCount } }", s=search)

    assert api.catalogue.asked[-1].search is None


async def test_nulls_ask_for_everything(api):
    await api.ask(
        "{ courses(search: null, filter: {partners: null, priceMin: null, availableOnly: null},"
        " sort: null, first: null, after: null, last: null, before: null) { totalCount } }"
    )

    assert api.catalogue.asked == [CourseQuery()]


async def test_an_edge_shows_where_the_search_was_found(api):
    data = await api.ask(
        '{ courses(search: "barista 02") { edges { node { title } snippet { text html } } } }'
    )

    [edge] = data["courses"]["edges"]
    assert edge["snippet"] == {"text": "Barista 02", "html": "<mark>Barista 02</mark>"}


async def test_an_edge_has_no_snippet_without_a_search(api):
    data = await api.ask("{ courses(first: 1) { edges { snippet { text } } } }")

    assert data["courses"]["edges"] == [{"snippet": None}]


async def test_suggestions_come_for_what_is_typed(api):
    data = await api.ask('{ courseSuggestions(text: "baris", first: 2) { text kind } }')

    assert data["courseSuggestions"] == [
        {"text": "Barista 01", "kind": "COURSE"},
        {"text": "Barista 02", "kind": "COURSE"},
    ]


async def test_nothing_typed_suggests_nothing(api):
    assert await api.ask('{ courseSuggestions(text: " ") { text } }') == {"courseSuggestions": []}


async def test_what_is_typed_is_bounded_and_named_in_the_refusal(api):
    error = await api.refused(
        "query ($t: String) { courseSuggestions(text: $t) { text } }", t="x" * 201
    )

    assert "`text` takes at most 200 characters" in error["message"]


async def test_too_many_suggestions_are_refused(api):
    error = await api.refused('{ courseSuggestions(text: "a", first: 21) { text } }')

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
