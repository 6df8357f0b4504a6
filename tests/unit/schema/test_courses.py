"""What courses and lists of them tell."""

from datetime import timedelta

import pytest

from schema.ids import NodeKind, to_global_id
from schema.model.catalogue import Freshness
from schema.model.values import FreshnessState, PartnerHealth
from tests.unit.schema.api import Api
from tests.unit.schema.fakes import (
    BLK,
    LEMBAGA,
    NOW,
    SISNAKER,
    FakePartners,
    a_course,
    a_partner,
    an_offering,
)

pytestmark = pytest.mark.anyio


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


async def test_all_descriptions_of_a_request_are_read_at_once(api):
    await api.ask("{ courses { nodes { descriptionHtml } } }")

    assert [len(batch) for batch in api.catalogue.descriptions_read] == [5]


async def test_a_course_that_nobody_sells_now_is_closed(api):
    question = "{ courses(first: 1) { nodes { availability offerings { partner { code } } } } }"
    [before] = (await api.ask(question))["courses"]["nodes"]
    api.partners.closed = frozenset(each["partner"]["code"] for each in before["offerings"])

    [after] = (await api.ask(question))["courses"]["nodes"]

    assert (before["availability"], after["availability"]) == ("AVAILABLE", "CLOSED")
