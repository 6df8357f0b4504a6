"""Searching and paging the catalogue."""

from datetime import timedelta

import pytest

from schema.ids import NodeKind, to_global_id
from schema.model.catalogue import Freshness
from schema.model.values import CourseLevel, DeliveryMode, FreshnessState, PartnerHealth
from schema.ports import CourseFilter, CourseQuery, CourseSort
from tests.unit.schema.api import Api
from tests.unit.schema.fakes import (
    BLK,
    LEMBAGA,
    NOW,
    SISNAKER,
    TOKOPEDIA,
    FakePartners,
    a_course,
    a_partner,
    an_offering,
)

pytestmark = pytest.mark.anyio

PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String) {
  courses(first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { title } edges { cursor node { title } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


def titles(connection):
    return [node["title"] for node in connection["nodes"]]


async def test_a_course_is_its_record_without_a_copy(api):
    data = await api.ask(
        "{ courses(first: 1) { nodes { __typename title level languages withdrawn availability"
        " lowestPrice { amount currency } institution { name } deliveryModes } } }"
    )

    assert data["courses"]["nodes"] == [
        {
            "__typename": "Course",
            "title": "Barista 01",
            "level": "UNKNOWN",
            "languages": [],
            "withdrawn": False,
            "availability": "AVAILABLE",
            "lowestPrice": {"amount": 350_000, "currency": "IDR"},
            "institution": {"name": "Lembaga Kopi"},
            "deliveryModes": ["SELF_PACED"],
        }
    ]


async def test_paging_forward_meets_every_course_once(api):
    seen, cursor = [], None
    while True:
        page = (await api.ask(PAGE, first=2, after=cursor))["courses"]
        seen += titles(page)
        if not page["pageInfo"]["hasNextPage"]:
            break
        cursor = page["pageInfo"]["endCursor"]

    assert seen == [f"Barista {n:02}" for n in range(1, 6)]


async def test_paging_backward_meets_every_course_once(api):
    seen, cursor = [], None
    while True:
        page = (await api.ask(PAGE, last=2, before=cursor))["courses"]
        seen = titles(page) + seen
        if not page["pageInfo"]["hasPreviousPage"]:
            break
        cursor = page["pageInfo"]["startCursor"]

    assert seen == [f"Barista {n:02}" for n in range(1, 6)]


async def test_edges_and_nodes_tell_the_same(api):
    page = (await api.ask(PAGE, first=3))["courses"]

    assert [edge["node"] for edge in page["edges"]] == page["nodes"]
    assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
    assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
    assert page["totalCount"] == 5


async def test_twenty_unless_said_otherwise():
    api = Api([a_course(n) for n in range(1, 31)])

    assert len((await api.ask("{ courses { nodes { id } } }"))["courses"]["nodes"]) == 20
    assert (
        len((await api.ask("{ courses(first: null) { nodes { id } } }"))["courses"]["nodes"]) == 20
    )
    assert len((await api.ask("{ courses(last: 7) { nodes { id } } }"))["courses"]["nodes"]) == 7


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param("first: 0", "`first` is from 1 to 100, not 0", id="none"),
        pytest.param("first: -1", "`first` is from 1 to 100, not -1", id="negative"),
        pytest.param("first: 1000000", "`first` is from 1 to 100", id="a-million"),
        pytest.param("last: 101", "`last` is from 1 to 100", id="last-too-many"),
        pytest.param("last: -1", "`last` is from 1 to 100", id="last-negative"),
        pytest.param("first: 2, last: 2", "exclude each other", id="both-ends"),
        pytest.param('first: 2, after: "x", before: "y"', "goes with", id="both-cursors"),
        pytest.param('last: 2, after: "x"', "`after` goes with `first`", id="last-after"),
        pytest.param('before: "x"', "`before` goes with `last`", id="first-before"),
        pytest.param('after: "forged"', "not of this list; start again", id="forged-cursor"),
        pytest.param('after: ""', "not of this list", id="empty-cursor"),
        pytest.param(f'search: "{"x" * 201}"', "at most 200 characters", id="long-search"),
        pytest.param(
            f"filter: {{regions: {['31'] * 101}}}".replace("'", '"'),
            "at most 100",
            id="long-filter",
        ),
    ],
)
async def test_bad_input_is_told_with_what_would_be_right(api, arguments, says):
    error = await api.refused(f"{{ courses({arguments}) {{ totalCount }} }}")

    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert says in error["message"]
    assert api.reported == []


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


@pytest.mark.parametrize(
    "stranger",
    [
        "garbage",
        LEMBAGA.id,
        to_global_id(NodeKind.COURSE, LEMBAGA.id),
        to_global_id(NodeKind.INSTITUTION, "nobody"),
    ],
)
async def test_an_unknown_institution_has_no_courses(api, stranger):
    data = await api.ask(
        "query ($id: ID!) { courses(filter: {institutions: [$id]}) { totalCount } }", id=stranger
    )

    assert data == {"courses": {"totalCount": 0}}


async def test_a_facets_value_is_what_the_filter_accepts():
    api = Api([a_course(1), a_course(2), a_course(3, institution=BLK)])
    data = await api.ask("{ courses { facets { name buckets { value label count } } } }")
    buckets = data["courses"]["facets"][0]["buckets"]

    for bucket in buckets:
        narrowed = await api.ask(
            "query ($id: ID!) { courses(filter: {institutions: [$id]}) { totalCount } }",
            id=bucket["value"],
        )
        assert narrowed["courses"]["totalCount"] == bucket["count"]
    assert [bucket["label"] for bucket in buckets] == ["BLK Bekasi", "Lembaga Kopi"]
    assert data["courses"]["facets"][1] == {
        "name": "PRICE",
        "buckets": [{"value": "0-0", "label": "Free", "count": 0}],
    }


async def test_facets_are_counted_only_when_asked_for(api):
    await api.ask("{ courses { totalCount } }")

    assert api.catalogue.facets_counted == 0


async def test_coverage_names_a_partner_that_is_missing():
    stale = Freshness(FreshnessState.STALE, fetched_at=NOW, reason="answers HTTP 503")
    down = a_partner(SISNAKER, health=PartnerHealth.DOWN, freshness=stale, failing_since=NOW)
    api = Api(partners=FakePartners(a_partner(), down))
    ask = """query ($codes: [String!]) { courses(filter: {partners: $codes}) {
      coverage { complete missing { partner { code health } since reason lastGoodAt } } } }"""

    everybody = (await api.ask(ask))["courses"]["coverage"]
    others = (await api.ask(ask, codes=["tokopedia", "nobody"]))["courses"]["coverage"]

    assert everybody == {
        "complete": False,
        "missing": [
            {
                "partner": {"code": "sisnaker", "health": "DOWN"},
                "since": "2020-04-11T09:00:00+07:00",
                "reason": "answers HTTP 503",
                "lastGoodAt": None,
            }
        ],
    }
    assert others == {"complete": True, "missing": []}


async def test_the_answer_says_which_revision_it_shows(api):
    assert (await api.ask("{ courses { revision } }")) == {"courses": {"revision": "7"}}


async def test_institutions_by_name_with_their_courses_and_partners():
    sold_by_two = (an_offering("a"), an_offering("b", partner=SISNAKER))
    api = Api([a_course(1, offerings=sold_by_two), a_course(2), a_course(3, institution=BLK)])

    data = await api.ask(
        """{ institutions(search: "KOPI", first: 5) { totalCount edges { cursor } nodes {
          __typename id name partners { code }
          courses(first: 1) { totalCount nodes { title } facets { name } pageInfo { hasNextPage } }
        } } }"""
    )

    assert data["institutions"]["totalCount"] == 1
    assert data["institutions"]["nodes"] == [
        {
            "__typename": "Institution",
            "id": to_global_id(NodeKind.INSTITUTION, LEMBAGA.id),
            "name": "Lembaga Kopi",
            "partners": [{"code": "sisnaker"}, {"code": "tokopedia"}],
            "courses": {
                "totalCount": 2,
                "nodes": [{"title": "Barista 01"}],
                "facets": [{"name": "INSTITUTION"}, {"name": "PRICE"}],
                "pageInfo": {"hasNextPage": True},
            },
        }
    ]


@pytest.mark.parametrize(
    "field",
    ['institutions(after: "x")', 'institutions(last: 2, before: "x")', "institutions(first: 101)"],
)
async def test_bad_pages_of_institutions_are_told(api, field):
    error = await api.refused(f"{{ {field} {{ totalCount }} }}")

    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_bad_pages_of_an_institutions_courses_are_told(api):
    error = await api.refused('{ institutions { nodes { courses(after: "x") { totalCount } } } }')

    assert "not of this list" in error["message"]


STALE_SISNAKER = a_partner(
    SISNAKER, freshness=Freshness(FreshnessState.FRESH, NOW - timedelta(minutes=10))
)


async def test_a_client_gets_only_what_is_as_fresh_as_it_asks_for():
    mixed = a_course(1, offerings=(an_offering("a"), an_offering("b", partner=SISNAKER)))
    stale = a_course(2, offerings=(an_offering("c", partner=SISNAKER),))
    api = Api([mixed, stale], partners=FakePartners(a_partner(), STALE_SISNAKER))

    found = (
        await api.ask(
            "{ courses(maxAge: 60) { totalCount nodes { offerings { partner { code } } } "
            "coverage { complete missing { partner { code } } } } }"
        )
    )["courses"]

    assert found["totalCount"] == 1
    assert found["nodes"] == [{"offerings": [{"partner": {"code": "tokopedia"}}]}]
    assert found["coverage"] == {
        "complete": False,
        "missing": [{"partner": {"code": "sisnaker"}}],
    }


async def test_facets_count_what_is_fresh():
    stale = a_course(2, offerings=(an_offering("c", partner=SISNAKER),))
    api = Api([stale], partners=FakePartners(a_partner(), STALE_SISNAKER))
    asked = "{ courses(maxAge: %d) { facets { name buckets { count } } } }"

    facets = [(await api.ask(asked % age))["courses"]["facets"][0] for age in (60, 600)]

    assert [facet["buckets"] for facet in facets] == [[], [{"count": 1}]]


async def test_a_courses_offerings_can_be_asked_for_by_age():
    mixed = a_course(1, offerings=(an_offering("a"), an_offering("b", partner=SISNAKER)))
    api = Api([mixed], partners=FakePartners(a_partner(), STALE_SISNAKER))

    [course] = (
        await api.ask(
            "{ courses { nodes { some: offerings(maxAge: 60) { id } all: offerings { id } } } }"
        )
    )["courses"]["nodes"]

    assert (len(course["some"]), len(course["all"])) == (1, 2)


async def test_an_age_below_zero_is_refused(api):
    error = await api.refused("{ courses(maxAge: -1) { totalCount } }")

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "`maxAge`" in error["message"]


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


async def test_all_descriptions_of_a_request_are_read_at_once(api):
    await api.ask("{ courses { nodes { descriptionHtml } } }")

    assert [len(batch) for batch in api.catalogue.descriptions_read] == [5]


async def test_a_course_that_nobody_sells_now_is_closed(api):
    question = "{ courses(first: 1) { nodes { availability offerings { partner { code } } } } }"
    [before] = (await api.ask(question))["courses"]["nodes"]
    api.partners.closed = frozenset(each["partner"]["code"] for each in before["offerings"])

    [after] = (await api.ask(question))["courses"]["nodes"]

    assert (before["availability"], after["availability"]) == ("AVAILABLE", "CLOSED")
