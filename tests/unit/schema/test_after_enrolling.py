"""Cancelling, rating, following and reviewing, as clients ask for them."""

import pytest
from strawberry.schema.exceptions import InvalidOperationTypeError

from schema.ids import NodeKind, to_global_id
from schema.model.enrolment import Enrolment
from schema.model.progress import Review, ReviewDecision
from schema.model.viewer import Role, Viewer
from tests.unit.schema.api import Api, a_learner
from tests.unit.schema.fakes import NOW

pytestmark = pytest.mark.anyio

ENROL = """mutation ($id: ID!) {
  enrol(input: {offeringId: $id, idempotencyKey: "k1"}) { enrolment { id } }
}"""
CANCEL = """mutation ($id: ID!, $key: String! = "k2") {
  cancelEnrolment(input: {enrolmentId: $id, idempotencyKey: $key}) {
    enrolment { status } userErrors { code message field }
  }
}"""
RATE = """mutation ($id: ID!) {
  rateEnrolment(input: {enrolmentId: $id, rating: 5}) {
    enrolment { id } userErrors { code field }
  }
}"""
FOLLOW = "subscription ($id: ID!) { enrolmentChanged(id: $id) { status } }"
REVIEWS = "{ enrolmentReviews(first: 5) { totalCount nodes { cause since enrolment { id } } } }"
SETTLE = """mutation ($id: ID!, $reason: String! = "asked") {
  settleEnrolment(input: {enrolmentId: $id, decision: CONFIRM, reason: $reason}) {
    enrolment { id } userErrors { code field }
  }
}"""
EVENTS = """query ($first: Int, $after: String) {
  enrolmentEvents(first: $first, after: $after) {
    events { enrolmentId reference partner courseId at from to actor cause } cursor hasMore
  }
}"""
OPERATOR = Viewer(frozenset({Role.OPERATOR}), subject="operator-1")
SERVICE = Viewer(frozenset({Role.SERVICE}), subject="payments")
ANI, BUDI = a_learner("ani"), a_learner("budi")
STRANGE = ["nonsense", to_global_id(NodeKind.COURSE, "x"), to_global_id(NodeKind.ENROLMENT, "x")]


@pytest.fixture
def api() -> Api:
    return Api()


async def enrolled(api: Api) -> str:
    offering = next(iter(api.catalogue.every())).offerings[0]
    answer = await api.ask(ENROL, ANI, id=to_global_id(NodeKind.OFFERING, offering.id))
    found: str = answer["enrol"]["enrolment"]["id"]
    return found


async def record_of(api: Api) -> Enrolment:
    enrolment_id = await enrolled(api)
    (record,) = await api.enrolments._of("ani")
    assert to_global_id(NodeKind.ENROLMENT, record.id) == enrolment_id
    return record


async def followed(api: Api, viewer: Viewer | None, enrolment_id: str):
    stream = await api.schema.subscribe(FOLLOW, {"id": enrolment_id}, api.context(viewer))
    if not hasattr(stream, "__aiter__"):
        return [stream]
    return [result async for result in stream]


async def test_a_learner_cancels(api: Api):
    answer = await api.ask(CANCEL, ANI, id=await enrolled(api))

    assert answer["cancelEnrolment"] == {
        "enrolment": {"status": "CANCEL_REQUESTED"}, "userErrors": []
    }  # fmt: skip


@pytest.mark.parametrize("strange", STRANGE)
async def test_what_is_not_the_viewers_is_not_found(api: Api, strange: str):
    cancelled = await api.ask(CANCEL, ANI, id=strange)
    rated = await api.ask(RATE, ANI, id=strange)

    assert [each["code"] for each in cancelled["cancelEnrolment"]["userErrors"]] == ["NOT_FOUND"]
    assert [each["code"] for each in rated["rateEnrolment"]["userErrors"]] == ["NOT_FOUND"]


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb"])
async def test_a_key_that_cannot_be_kept_is_bad_input(api: Api, key: str):
    error = await api.refused(CANCEL, ANI, id=await enrolled(api), key=key)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("document", "viewer", "code"),
    [
        (CANCEL, None, "UNAUTHENTICATED"),
        (CANCEL, OPERATOR, "FORBIDDEN"),
        (RATE, None, "UNAUTHENTICATED"),
        (RATE, OPERATOR, "FORBIDDEN"),
        (SETTLE, None, "UNAUTHENTICATED"),
        (SETTLE, ANI, "FORBIDDEN"),
        (SETTLE, SERVICE, "FORBIDDEN"),
        (REVIEWS, None, "UNAUTHENTICATED"),
        (REVIEWS, ANI, "FORBIDDEN"),
        (EVENTS, None, "UNAUTHENTICATED"),
        (EVENTS, ANI, "FORBIDDEN"),
    ],
)
async def test_each_entry_is_for_whom_it_is_meant(api: Api, document, viewer, code):
    variables = {"id": "x"} if "$id" in document else {}

    error = await api.refused(document, viewer, **variables)

    assert error["extensions"]["code"] == code
    assert not api.later.settled
    assert not api.later.rated


async def test_a_learner_rates_a_course(api: Api):
    enrolment_id = await enrolled(api)

    answer = await api.ask(RATE, ANI, id=enrolment_id)

    assert answer["rateEnrolment"] == {"enrolment": {"id": enrolment_id}, "userErrors": []}
    assert [each.rating for each in api.later.rated] == [5]


async def test_a_learner_sees_how_far_the_course_has_come(api: Api):
    document = """query ($id: ID!) { enrolment(id: $id) {
      progress { redeemedAt completedAt rating } attendance { meeting attended }
    } }"""

    answer = await api.ask(document, ANI, id=await enrolled(api))

    assert answer["enrolment"] == {
        "progress": {"redeemedAt": NOW.isoformat(), "completedAt": None, "rating": 5},
        "attendance": [{"meeting": 1, "attended": True}],
    }


async def test_a_learner_follows_an_enrolment(api: Api):
    results = await followed(api, ANI, await enrolled(api))

    assert [each.data["enrolmentChanged"]["status"] for each in results] == [
        "RESERVED", "SUBMITTING", "CONFIRMED"
    ]  # fmt: skip


@pytest.mark.parametrize("viewer", [BUDI, None, OPERATOR], ids=["another", "nobody", "operator"])
async def test_nobody_else_follows_it(api: Api, viewer: Viewer | None):
    (result,) = await followed(api, viewer, await enrolled(api))

    (error,) = result.errors
    assert not result.data
    assert error.extensions["code"] in {"BAD_USER_INPUT", "UNAUTHENTICATED", "FORBIDDEN"}


@pytest.mark.parametrize("strange", STRANGE)
async def test_what_is_not_there_cannot_be_followed(api: Api, strange: str):
    (result,) = await followed(api, ANI, strange)

    assert result.errors[0].extensions["code"] == "BAD_USER_INPUT"


async def test_a_subscription_is_no_question_with_one_answer(api: Api):
    with pytest.raises(InvalidOperationTypeError):
        await api.execute(FOLLOW, ANI, id=await enrolled(api))


async def test_an_operator_lists_and_settles_reviews(api: Api):
    record = await record_of(api)
    api.later.waiting = [Review(record, NOW, "too many attempts", is_cancellation=False)]
    enrolment_id = to_global_id(NodeKind.ENROLMENT, record.id)

    queue = await api.ask(REVIEWS, OPERATOR)
    answer = await api.ask(SETTLE, OPERATOR, id=enrolment_id, reason="  asked  ")

    assert queue["enrolmentReviews"]["totalCount"] == 1
    assert queue["enrolmentReviews"]["nodes"][0]["enrolment"] == {"id": enrolment_id}
    assert answer["settleEnrolment"] == {"enrolment": {"id": enrolment_id}, "userErrors": []}
    (wish,) = api.later.settled
    assert (wish.decision, wish.reason, wish.by) == (ReviewDecision.CONFIRM, "asked", "operator-1")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "a\x1bb"])
async def test_a_reason_that_cannot_be_kept_settles_nothing(api: Api, reason: str):
    answer = await api.ask(SETTLE, OPERATOR, id=STRANGE[2], reason=reason)

    (error,) = answer["settleEnrolment"]["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID_VALUE", ["input", "reason"])
    assert api.later.settled == []


async def test_the_programmes_systems_read_on_in_the_feed(api: Api):
    first = (await api.ask(EVENTS, SERVICE, first=2))["enrolmentEvents"]
    rest = (await api.ask(EVENTS, OPERATOR, after=first["cursor"]))["enrolmentEvents"]

    assert [each["reference"] for each in first["events"]] == ["MTR-1", "MTR-2"]
    assert first["events"][0]["to"] == "RESERVED"
    assert rest == {"events": [], "cursor": "2", "hasMore": False}


@pytest.mark.parametrize("variables", [{"first": -1}, {"first": 101}, {"after": "nonsense"}])
async def test_a_page_of_the_feed_is_within_bounds(api: Api, variables):
    error = await api.refused(EVENTS, SERVICE, **variables)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
