"""Operators steer partners, each time with a reason."""

import pytest

from schema.model.operating import ListVerdict, PartnerCommand, PartnerOrder
from schema.model.values import PartnerCode
from schema.model.viewer import Role, Viewer
from tests.unit.schema.api import Api

pytestmark = pytest.mark.anyio

OPERATOR = Viewer(frozenset({Role.OPERATOR}), subject="rina")
ORDER = """mutation ($partner: String!, $reason: String!) {
  %s(partner: $partner, reason: $reason) {
    partner { code state } userErrors { code message field }
  }
}"""
COMMANDS = [
    ("syncNow", PartnerCommand.SYNC),
    ("pausePartner", PartnerCommand.PAUSE),
    ("resumePartner", PartnerCommand.RESUME),
]


@pytest.mark.parametrize(("name", "command"), COMMANDS)
async def test_an_order_names_who_gives_it_and_why(api: Api, name: str, command: PartnerCommand):
    answer = await api.ask(ORDER % name, OPERATOR, partner="tokopedia", reason=" audit of May ")

    assert answer[name]["partner"]["code"] == "tokopedia"
    assert answer[name]["userErrors"] == []
    wanted = PartnerOrder(PartnerCode("tokopedia"), command, "audit of May", "rina")
    assert api.partner_desk.orders == [wanted]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "a\x00b"])
async def test_an_order_without_a_reason_is_refused_as_data(api: Api, reason: str):
    answer = await api.ask(ORDER % "syncNow", OPERATOR, partner="tokopedia", reason=reason)

    [error] = answer["syncNow"]["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID_VALUE", ["reason"])
    assert api.partner_desk.orders == []


async def test_an_unknown_partner_is_refused_as_data(api: Api):
    answer = await api.ask(ORDER % "pausePartner", OPERATOR, partner="nobody", reason="why not")

    assert answer["pausePartner"]["partner"] is None
    assert answer["pausePartner"]["userErrors"][0]["code"] == "NOT_FOUND"


DECIDE = """mutation ($run: ID!, $reason: String) {
  %s(run: $run, reason: $reason) { revision userErrors { code } }
}"""


@pytest.mark.parametrize(("name", "is_approval"), [("approveSync", True), ("rejectSync", False)])
async def test_a_decision_on_a_list_is_recorded_with_its_reason(
    api: Api, name: str, *, is_approval: bool
):
    await api.ask(DECIDE % name, OPERATOR, run="12", reason="prices are right")

    assert api.list_desk.verdicts == [ListVerdict(12, is_approval, "prices are right", "rina")]


@pytest.mark.parametrize("reason", ["\n", "", "x" * 501, None])
async def test_without_a_reason_that_can_be_kept_nothing_is_decided(api: Api, reason: str | None):
    error = await api.refused(DECIDE % "approveSync", OPERATOR, run="12", reason=reason)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert api.list_desk.verdicts == []
