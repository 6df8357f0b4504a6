"""Blocking, lifting and approving over GraphQL."""

from typing import Any

import pytest

from schema.ids import NodeKind, to_global_id
from schema.model.blocks import Approval, Decision, PendingOffering
from schema.model.values import CourseId, Money
from schema.model.viewer import ANONYMOUS, Role, Viewer
from tests.unit.schema.api import Api, a_learner
from tests.unit.schema.fakes import LEMBAGA, NOW, TOKOPEDIA, a_course, an_offering

pytestmark = pytest.mark.anyio

OPERATOR = Viewer(frozenset({Role.OPERATOR}), subject="rina")
OFFERING = an_offering("o1")
OFFERING_ID = to_global_id(NodeKind.OFFERING, OFFERING.id)
BLOCK = """
mutation ($scope: BlockScope!, $value: String, $reason: String = "why", $letter: String = "S-1",
          $at: DateTime) {
  blockCourses(input: {
    scope: $scope, value: $value, reason: $reason, letter: $letter, effectiveAt: $at
  }) {
    block { id scope value label reason letter inForce createdBy liftedBy liftReason }
    userErrors { code message field }
  }
}
"""
LIFT = """
mutation ($id: ID!, $reason: String = "reviewed") {
  liftBlock(input: { blockId: $id, reason: $reason }) {
    block { id inForce liftedAt liftedBy liftReason } userErrors { code field }
  }
}
"""
BLOCKS = "query ($active: Boolean) { blocks(active: $active) { id scope } }"
APPROVE = """
mutation ($ids: [ID!], $partner: String) {
  approveOfferings(input: { offeringIds: $ids, partner: $partner, reason: "checked" }) {
    changedCount userErrors { code field }
  }
}
"""
REVOKE = """
mutation ($ids: [ID!]!, $reason: String = "complaints") {
  revokeApproval(input: { offeringIds: $ids, reason: $reason }) {
    changedCount userErrors { code field }
  }
}
"""
PENDING = """
query ($partner: String) {
  pendingApprovals(partner: $partner) {
    totalCount nodes { offeringId partner { code } title institution price { amount } }
  }
}
"""


@pytest.fixture
def api():
    return Api([a_course(1, offerings=(OFFERING,)), a_course(2)], viewer=OPERATOR)


def course_id(api: Api) -> str:
    return to_global_id(NodeKind.COURSE, api.catalogue.course_of(OFFERING.id).id)


async def test_a_block_is_told_as_it_was_wished(api):
    payload = (await api.ask(BLOCK, scope="BUNDLE"))["blockCourses"]

    assert payload["userErrors"] == []
    assert payload["block"] == {
        "id": "1", "scope": "BUNDLE", "value": None, "label": None, "reason": "why",
        "letter": "S-1", "inForce": True, "createdBy": "rina", "liftedBy": None,
        "liftReason": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("scope", "value", "label"),
    [
        ("OFFERING", OFFERING_ID, OFFERING.listed.title),
        ("INSTITUTION", to_global_id(NodeKind.INSTITUTION, LEMBAGA.id), LEMBAGA.name),
        ("PARTNER", TOKOPEDIA, None),
        ("CATEGORY", "desain", "desain"),
        ("DELIVERY_MODE", "ONSITE", "ONSITE"),
    ],
)
async def test_each_scope_takes_its_own_kind_of_value(api, scope, value, label):
    payload = (await api.ask(BLOCK, scope=scope, value=value))["blockCourses"]

    assert payload["block"]["value"] == value
    assert label is None or payload["block"]["label"] == label


async def test_a_course_is_blocked_by_its_global_id(api):
    payload = (await api.ask(BLOCK, scope="COURSE", value=course_id(api)))["blockCourses"]

    assert payload["block"]["value"] == course_id(api)
    assert api.blocks.made[0].value == api.catalogue.course_of(OFFERING.id).id


@pytest.mark.parametrize(
    ("scope", "value"),
    [
        ("COURSE", None),
        ("COURSE", OFFERING_ID),
        ("COURSE", to_global_id(NodeKind.COURSE, "unheard-of")),
        ("PARTNER", "nobody"),
        ("DELIVERY_MODE", "BY_PIGEON"),
        ("CATEGORY", ""),
        ("BUNDLE", "something"),
    ],
)
async def test_what_is_not_there_is_not_blocked(api, scope, value):
    payload = (await api.ask(BLOCK, scope=scope, value=value))["blockCourses"]

    assert payload["block"] is None
    assert payload["userErrors"][0]["code"] == "NOT_FOUND"
    assert payload["userErrors"][0]["field"] == ["input", "value"]
    assert api.blocks.made == []


@pytest.mark.parametrize("field", ["reason", "letter"])
async def test_a_block_needs_reason_and_letter(api, field):
    payload = (await api.ask(BLOCK, scope="BUNDLE", **{field: " "}))["blockCourses"]

    assert payload["userErrors"][0]["field"] == ["input", field]


async def test_a_block_may_begin_later(api):
    later = "2020-07-01T00:00:00+07:00"

    payload = (await api.ask(BLOCK, scope="BUNDLE", at=later))["blockCourses"]

    assert payload["block"]["inForce"] is False


async def test_a_lifted_block_says_who_lifted_it(api):
    await api.ask(BLOCK, scope="BUNDLE")

    payload = (await api.ask(LIFT, id="1"))["liftBlock"]

    assert payload["block"]["inForce"] is False
    assert (payload["block"]["liftedBy"], payload["block"]["liftReason"]) == ("rina", "reviewed")


@pytest.mark.parametrize("number", ["", "x", "-1", "99999999999", "²"])
async def test_what_is_no_block_is_not_lifted(api, number):
    payload = (await api.ask(LIFT, id=number))["liftBlock"]

    assert payload["userErrors"] == [{"code": "NOT_FOUND", "field": ["input", "blockId"]}]


async def test_blocks_are_listed(api):
    await api.ask(BLOCK, scope="BUNDLE")

    assert (await api.ask(BLOCKS))["blocks"] == [{"id": "1", "scope": "BUNDLE"}]
    assert (await api.ask(BLOCKS, active=False))["blocks"] == []


async def test_what_waits_is_listed(api):
    waiting = PendingOffering(
        OFFERING.id, CourseId("c1"), TOKOPEDIA, "Barista", "LKP Kopi", Money(5), NOW
    )
    api.approvals.waiting = (waiting,)

    assert (await api.ask(PENDING))["pendingApprovals"] == {
        "totalCount": 1,
        "nodes": [
            {
                "offeringId": OFFERING_ID, "partner": {"code": "tokopedia"}, "title": "Barista",
                "institution": "LKP Kopi", "price": {"amount": 5},
            }
        ],
    }  # fmt: skip
    assert (await api.ask(PENDING, partner="sisnaker"))["pendingApprovals"]["totalCount"] == 0


async def test_an_operator_approves(api):
    payload = (await api.ask(APPROVE, ids=[OFFERING_ID], partner="tokopedia"))["approveOfferings"]

    assert payload == {"changedCount": 1, "userErrors": []}
    assert api.approvals.decisions == [
        Decision(Approval.APPROVED, "rina", "checked", (OFFERING.id,), TOKOPEDIA)
    ]


async def test_an_operator_revokes(api):
    payload = (await api.ask(REVOKE, ids=[OFFERING_ID]))["revokeApproval"]

    assert payload == {"changedCount": 1, "userErrors": []}
    assert api.approvals.decisions == [
        Decision(Approval.REVOKED, "rina", "complaints", (OFFERING.id,))
    ]


@pytest.mark.parametrize(
    ("document", "said", "field"),
    [
        (APPROVE, {"ids": ["x"]}, "offeringIds"),
        (APPROVE, {"partner": "nobody"}, "partner"),
        (REVOKE, {"ids": [OFFERING_ID], "reason": ""}, "reason"),
    ],
)
async def test_a_decision_on_nothing_is_refused(api, document, said, field):
    (payload,) = (await api.ask(document, **said)).values()

    assert payload["userErrors"][0]["field"] == ["input", field]
    assert api.approvals.decisions == []


@pytest.mark.parametrize(
    ("viewer", "code"),
    [
        pytest.param(ANONYMOUS, "UNAUTHENTICATED", id="nobody"),
        pytest.param(a_learner(), "FORBIDDEN", id="learner"),
    ],
)
@pytest.mark.parametrize(
    ("document", "said"),
    [
        (BLOCK, {"scope": "BUNDLE"}),
        (LIFT, {"id": "1"}),
        (BLOCKS, {}),
        (PENDING, {}),
        (APPROVE, {"ids": []}),
        (REVOKE, {"ids": []}),
    ],
)
async def test_all_of_this_is_for_operators(document: str, said: dict[str, Any], viewer, code):
    error = await Api(viewer=viewer).refused(document, **said)

    assert error["extensions"]["code"] == code


async def test_reasons_are_kept_without_national_ids(api):
    said = "asked by 3201010101010001"

    block = (await api.ask(BLOCK, scope="BUNDLE", reason=said))["blockCourses"]["block"]
    lifted = (await api.ask(LIFT, id="1", reason=said))["liftBlock"]["block"]
    await api.ask(REVOKE, ids=[OFFERING_ID], reason=said)

    kept = [block["reason"], lifted["liftReason"], api.approvals.decisions[-1].reason]
    assert kept == ["asked by [16 digits]"] * 3
