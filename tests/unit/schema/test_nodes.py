"""Finding things again, and what they say of each other."""

from datetime import timedelta

import pytest

from schema.ids import NodeKind, to_global_id
from schema.model.catalogue import Category, Venue
from schema.model.codes import public_code
from schema.model.values import PartnerCode
from tests.unit.schema.api import Api
from tests.unit.schema.fakes import (
    BLK,
    LEMBAGA,
    NOW,
    FakeSeats,
    a_course,
    a_session,
    an_offering,
)

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"

SOON = a_session(
    "soon",
    starts_at=NOW + DAY,
    ends_at=NOW + 2 * DAY,
    enrolment_ends_at=NOW + DAY / 2,
    venue=Venue("Balai", "Jl. Kopi 1", "32.75", "Kota Bekasi"),
    capacity=20,
    seats_left=10,
)
LATER = a_session("later", starts_at=NOW + 7 * DAY)
UNDATED = a_session("undated")
OVER = a_session("over", starts_at=NOW - 2 * DAY, ends_at=NOW - DAY)
ONSITE = an_offering("onsite", sessions=(UNDATED, LATER, OVER, SOON))
COURSE = a_course(
    9,
    institution=BLK,
    offerings=(ONSITE,),
    summary="Seduh",
    description_html="<p>Seduh</p>",
    category=Category("makanan", "Makanan"),
    rating=4.5,
    rating_count=12,
    duration_minutes=365,
    image_url="https://gambar.test/1",
)


@pytest.fixture
def api():
    return Api([COURSE, a_course(1, withdrawn=True, offerings=())])


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        (NodeKind.COURSE, COURSE.id),
        (NodeKind.COURSE, a_course(1).id),
        (NodeKind.OFFERING, ONSITE.id),
        (NodeKind.SESSION, SOON.id),
        (NodeKind.INSTITUTION, BLK.id),
        (NodeKind.PARTNER, "tokopedia"),
    ],
)
async def test_everything_public_is_found_by_its_own_id(api, kind, plain):
    global_id = to_global_id(kind, plain)

    data = await api.ask(NODE, id=global_id)

    assert data == {"node": {"__typename": kind.value, "id": global_id}}


@pytest.mark.parametrize("kind", NodeKind)
async def test_what_is_not_there_is_null(api, kind):
    assert await api.ask(NODE, id=to_global_id(kind, "nobody")) == {"node": None}


@pytest.mark.parametrize("garbage", ["", "x", "Course:1", COURSE.id, "Q291cnNlOg"])
async def test_garbage_is_not_found(api, garbage):
    data = await api.ask(
        """query ($id: ID!) {
          node(id: $id) { id } course(id: $id) { id } enrolment(id: $id) { id }
        }""",
        id=garbage,
    )

    assert data == {"node": None, "course": None, "enrolment": None}


async def test_nodes_come_in_the_order_asked_for(api):
    ids = [
        to_global_id(NodeKind.PARTNER, "sisnaker"),
        "x",
        to_global_id(NodeKind.COURSE, COURSE.id),
    ]

    data = await api.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)

    assert data["nodes"] == [{"id": ids[0]}, None, {"id": ids[2]}]


async def test_nodes_takes_a_hundred_ids_and_no_more(api):
    ask = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    data = await api.ask(ask, ids=["x"] * 100)
    error = await api.refused(ask, ids=["x"] * 101)

    assert data["nodes"] == [None] * 100
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "at most 100 ids" in error["message"]


async def test_a_withdrawn_course_is_still_found(api):
    data = await api.ask(
        "query ($id: ID!) { course(id: $id) { withdrawn availability offerings { id } } }",
        id=to_global_id(NodeKind.COURSE, a_course(1).id),
    )

    assert data["course"] == {"withdrawn": True, "availability": "CLOSED", "offerings": []}


async def test_a_course_says_all_that_is_known(api):
    data = await api.ask(
        """query ($id: ID!) { course(id: $id) { summary descriptionHtml category { code name }
          rating ratingCount durationMinutes imageUrl institution { name } } }""",
        id=to_global_id(NodeKind.COURSE, COURSE.id),
    )

    assert data["course"] == {
        "summary": "Seduh",
        "descriptionHtml": "<p>Seduh</p>",
        "category": {"code": "makanan", "name": "Makanan"},
        "rating": 4.5,
        "ratingCount": 12,
        "durationMinutes": 365,
        "imageUrl": "https://gambar.test/1",
        "institution": {"name": "BLK Bekasi"},
    }


async def test_an_offering_says_who_sells_what(api):
    data = await api.ask(
        """query ($id: ID!) { node(id: $id) { ... on Offering { remoteId url code enrolmentMode
          deliveryMode price { amount } course { title } partner { code name kind state health
          offeringCount freshness { state } } freshness { state fetchedAt reason } } } }""",
        id=to_global_id(NodeKind.OFFERING, ONSITE.id),
    )

    assert data["node"] == {
        "remoteId": "onsite",
        "url": None,
        "code": public_code(ONSITE.id),
        "enrolmentMode": "DIRECT",
        "deliveryMode": "UNKNOWN",
        "price": {"amount": 350_000},
        "course": {"title": "Barista 09"},
        "partner": {
            "code": "tokopedia",
            "name": "Tokopedia",
            "kind": "MARKETPLACE",
            "state": "ACTIVE",
            "health": "HEALTHY",
            "offeringCount": 0,
            "freshness": {"state": "FRESH"},
        },
        "freshness": {"state": "FRESH", "fetchedAt": "2020-04-11T09:00:00+07:00", "reason": None},
    }


async def sessions(api, arguments=""):
    data = await api.ask(
        "query ($id: ID!) { node(id: $id) { ... on Offering {"
        f" sessions{arguments} {{ id }} }} }} }}",
        id=to_global_id(NodeKind.OFFERING, ONSITE.id),
    )
    return [session["id"] for session in data["node"]["sessions"]]


async def test_sessions_to_come_are_listed_soonest_first(api):
    expected = [to_global_id(NodeKind.SESSION, each.id) for each in (SOON, LATER, UNDATED)]

    assert await sessions(api) == expected
    assert await sessions(api, "(first: 1)") == expected[:1]


async def test_sessions_that_are_over_are_listed_on_request(api):
    over = to_global_id(NodeKind.SESSION, OVER.id)

    assert (await sessions(api, "(upcoming: false)"))[0] == over
    assert over not in await sessions(api, "(upcoming: true)")


@pytest.mark.parametrize("first", [0, 101])
async def test_no_or_too_many_sessions_are_refused(api, first):
    document = f"{{ courses {{ nodes {{ offerings {{ sessions(first: {first}) {{ id }} }} }} }} }}"
    error = await api.refused(document)

    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_a_session_keeps_its_zone_and_subtracts_what_we_took():
    api = Api([COURSE], seats=FakeSeats({SOON.id: 8}))

    data = await api.ask(
        """query ($id: ID!) { node(id: $id) { ... on Session { code startsAt endsAt enrolmentEndsAt
          venue { name address regionCode regionName } capacity seatsLeft availability } } }""",
        id=to_global_id(NodeKind.SESSION, SOON.id),
    )

    assert data["node"] == {
        "code": public_code(SOON.id),
        "startsAt": "2020-04-12T09:00:00+07:00",
        "endsAt": "2020-04-13T09:00:00+07:00",
        "enrolmentEndsAt": "2020-04-11T21:00:00+07:00",
        "venue": {
            "name": "Balai",
            "address": "Jl. Kopi 1",
            "regionCode": "32.75",
            "regionName": "Kota Bekasi",
        },
        "capacity": 20,
        "seatsLeft": 2,
        "availability": "LIMITED",
    }


async def test_partners_in_their_order_and_one_by_code(api):
    data = await api.ask(
        """{
          partners { code } partner(code: "sisnaker") { name } nobody: partner(code: "x") { name }
        }"""
    )

    assert data == {
        "partners": [{"code": "tokopedia"}, {"code": "sisnaker"}],
        "partner": {"name": "Sisnaker"},
        "nobody": None,
    }


async def test_what_a_partner_that_left_once_sold_still_resolves():
    gone = an_offering("gone", partner=PartnerCode("bukalapak"))
    api = Api([a_course(1, institution=LEMBAGA, offerings=(gone,))])

    data = await api.ask("{ institutions { nodes { partners { code state health } } } }")

    assert data["institutions"]["nodes"][0]["partners"] == [
        {"code": "bukalapak", "state": "RETIRED", "health": "UNKNOWN"}
    ]
