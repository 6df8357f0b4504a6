"""Enrolling, and who may see what came of it."""

import pytest

from schema.ids import NodeKind, to_global_id
from schema.model.enrolment import EnrolmentStatus, EnrolRequest
from schema.model.values import LearnerId
from schema.model.viewer import Role, Viewer
from tests.unit.schema.api import Api, a_learner
from tests.unit.schema.fakes import a_course, a_session, an_offering

pytestmark = pytest.mark.anyio

SESSION = a_session("s1")
OFFERING = an_offering("o1", sessions=(SESSION,))
OFFERING_ID = to_global_id(NodeKind.OFFERING, OFFERING.id)
SESSION_ID = to_global_id(NodeKind.SESSION, SESSION.id)
ANI, BUDI = a_learner("ani"), a_learner("budi")
OPERATOR = Viewer(frozenset({Role.OPERATOR}))

ENROL = """
mutation ($offering: ID!, $session: ID, $key: String = "k1", $price: BigInt) {
  enrol(input: {
    offeringId: $offering, sessionId: $session, idempotencyKey: $key, expectedPrice: $price
  }) { enrolment { id } userErrors { code message field } }
}
"""


@pytest.fixture
def api():
    return Api([a_course(1, offerings=(OFFERING,)), a_course(2)])


async def enrolled(api, viewer=ANI, **variables):
    variables = {"offering": OFFERING_ID} | variables
    payload = (await api.ask(ENROL, viewer, **variables))["enrol"]
    assert payload["userErrors"] == []
    return payload["enrolment"]["id"]


async def test_an_enrolment_shows_course_offering_session_and_price(api):
    global_id = await enrolled(api, session=SESSION_ID, price=350_000)

    data = await api.ask(
        """query ($id: ID!) { enrolment(id: $id) { __typename id status reference partnerReference
          createdAt expectedBy redeemCode accessUrl certificateUrl price { amount currency }
          course { title } offering { remoteId } session { id } partner { code }
          events { at from to actor cause } } }""",
        ANI,
        id=global_id,
    )

    assert data["enrolment"] == {
        "__typename": "Enrolment",
        "id": global_id,
        "status": "RESERVED",
        "reference": "MTR-1",
        "partnerReference": None,
        "createdAt": "2020-04-11T09:00:00+07:00",
        "expectedBy": None,
        "redeemCode": None,
        "accessUrl": None,
        "certificateUrl": None,
        "price": {"amount": 350_000, "currency": "IDR"},
        "course": {"title": "Barista 01"},
        "offering": {"remoteId": "o1"},
        "session": {"id": SESSION_ID},
        "partner": {"code": "tokopedia"},
        "events": [
            {
                "at": "2020-04-11T09:00:00+07:00",
                "from": None,
                "to": "RESERVED",
                "actor": "LEARNER",
                "cause": "enrol",
            }
        ],
    }


async def test_the_same_key_gives_the_same_enrolment(api):
    assert await enrolled(api, key="k") == await enrolled(api, key="k")


async def test_an_enrolment_without_session_has_none(api):
    data = await api.ask(
        "query ($id: ID!) { enrolment(id: $id) { session { id } } }", ANI, id=await enrolled(api)
    )

    assert data == {"enrolment": {"session": None}}


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"offering": "garbage"}, "offeringId"),
        ({"offering": OFFERING.id}, "offeringId"),
        ({"offering": to_global_id(NodeKind.COURSE, a_course(1).id)}, "offeringId"),
        ({"offering": to_global_id(NodeKind.OFFERING, "gone")}, "offeringId"),
        ({"offering": OFFERING_ID, "session": "garbage"}, "sessionId"),
        ({"offering": OFFERING_ID, "session": OFFERING_ID}, "sessionId"),
    ],
)
async def test_what_is_not_there_is_refused_as_data(api, variables, field):
    payload = (await api.ask(ENROL, ANI, **variables))["enrol"]

    assert payload["enrolment"] is None
    assert [(e["code"], e["field"]) for e in payload["userErrors"]] == [("NOT_FOUND", [field])]


@pytest.mark.parametrize("key", ["", "k" * 256, "line\nend", "nul\u0000", "\u200b"])
async def test_a_key_that_cannot_be_kept_is_bad_input(api, key):
    error = await api.refused(ENROL, ANI, offering=OFFERING_ID, key=key)

    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "1 to 255 printable characters" in error["message"]


@pytest.mark.parametrize("key", ["k", "k" * 255, "kopi susu ☕"])
async def test_any_printable_key_will_do(api, key):
    assert await enrolled(api, key=key)


@pytest.mark.parametrize(("viewer", "code"), [(None, "UNAUTHENTICATED"), (OPERATOR, "FORBIDDEN")])
async def test_only_learners_enrol(api, viewer, code):
    error = await api.refused(ENROL, viewer, offering=OFFERING_ID)

    assert error["extensions"] == {"code": code}


VERDICTS = """
query ($offering: ID!, $session: ID, $price: BigInt) {
  enrolmentVerdicts(offeringId: $offering, sessionId: $session, expectedPrice: $price) {
    rule code state message field values { name value }
  }
}
"""


async def test_a_dry_run_asks_for_the_same_wish_and_shows_the_rules(api):
    data = await api.ask(VERDICTS, ANI, offering=OFFERING_ID, session=SESSION_ID, price=350_000)

    assert data["enrolmentVerdicts"] == [
        {
            "rule": "exists",
            "code": "NOT_FOUND",
            "state": "KEPT",
            "message": "It exists.",
            "field": ["offeringId"],
            "values": [{"name": "lastDay", "value": "2020-05-10"}],
        }
    ]
    assert api.enrolments.tried == [
        EnrolRequest(LearnerId("ani"), OFFERING.id, SESSION.id, "", 350_000)
    ]


@pytest.mark.parametrize("offering", ["garbage", OFFERING.id, SESSION_ID])
async def test_a_dry_run_of_what_is_not_there_is_refused_as_data(api, offering):
    data = await api.ask(VERDICTS, ANI, offering=offering, session="garbage")

    assert [each["state"] for each in data["enrolmentVerdicts"]] == ["REFUSED"]
    assert api.enrolments.tried[0].session_id == ""


@pytest.mark.parametrize(("viewer", "code"), [(None, "UNAUTHENTICATED"), (OPERATOR, "FORBIDDEN")])
async def test_only_learners_try(api, viewer, code):
    error = await api.refused(VERDICTS, viewer, offering=OFFERING_ID)

    assert error["extensions"] == {"code": code}


async def test_me_is_the_viewer_as_a_learner(api):
    await enrolled(api)

    data = await api.ask("{ me { __typename id balance { amount } } }", ANI)

    assert data["me"] == {
        "__typename": "Learner",
        "id": to_global_id(NodeKind.LEARNER, "ani"),
        "balance": {"amount": 3_150_000},
    }


@pytest.mark.parametrize("viewer", [None, OPERATOR])
async def test_me_is_null_for_anybody_else(api, viewer):
    assert await api.ask("{ me { id } }", viewer) == {"me": None}


@pytest.mark.parametrize("viewer", [None, BUDI, OPERATOR], ids=["nobody", "budi", "operator"])
async def test_anothers_enrolment_is_not_there(api, viewer):
    global_id = await enrolled(api, ANI)

    data = await api.ask(
        """query ($id: ID!) {
          enrolment(id: $id) { id } node(id: $id) { id } nodes(ids: [$id]) { id }
        }""",
        viewer,
        id=global_id,
    )

    assert data == {"enrolment": None, "node": None, "nodes": [None]}


async def test_ones_own_enrolment_is_a_node(api):
    global_id = await enrolled(api, ANI)

    data = await api.ask("query ($id: ID!) { node(id: $id) { __typename } }", ANI, id=global_id)

    assert data == {"node": {"__typename": "Enrolment"}}


@pytest.mark.parametrize(
    ("viewer", "seen"), [(None, None), (BUDI, None), (OPERATOR, None), (ANI, "Learner")]
)
async def test_a_learner_is_a_node_to_themselves_alone(api, viewer, seen):
    data = await api.ask(
        "query ($id: ID!) { node(id: $id) { __typename } }",
        viewer,
        id=to_global_id(NodeKind.LEARNER, "ani"),
    )

    assert data == {"node": seen and {"__typename": seen}}


async def test_my_enrolments_are_paged_newest_first(api):
    ids = [await enrolled(api, ANI, key=key) for key in "abc"]
    await enrolled(api, BUDI)
    ask = """query ($after: String) { me { enrolments(first: 2, after: $after) { totalCount
      edges { cursor node { id } } nodes { id } pageInfo { hasNextPage endCursor } } } }"""

    first = (await api.ask(ask, ANI))["me"]["enrolments"]
    second = (await api.ask(ask, ANI, after=first["pageInfo"]["endCursor"]))["me"]["enrolments"]

    assert [node["id"] for node in first["nodes"] + second["nodes"]] == ids[::-1]
    assert (first["totalCount"], second["pageInfo"]["hasNextPage"]) == (3, False)


async def test_my_enrolments_by_status(api):
    await enrolled(api)
    api.enrolments.settle(EnrolmentStatus.CONFIRMED)
    ask = "query ($s: [EnrolmentStatus!]) { me { enrolments(status: $s) { totalCount } } }"

    confirmed = await api.ask(ask, ANI, s=["CONFIRMED"])
    rejected = await api.ask(ask, ANI, s=["REJECTED", "EXPIRED"])
    every = await api.ask(ask, ANI, s=None)

    counts = [answer["me"]["enrolments"]["totalCount"] for answer in (confirmed, rejected, every)]
    assert counts == [1, 0, 1]


@pytest.mark.parametrize("arguments", ["first: -1", "first: 101", 'after: "x"'])
async def test_bad_pages_of_enrolments_are_told(api, arguments):
    error = await api.refused(f"{{ me {{ enrolments({arguments}) {{ totalCount }} }} }}", ANI)

    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
