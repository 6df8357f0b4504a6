"""Operators see what is held, and decide; nobody else does."""

import pytest

from schema.model.viewer import Role, Viewer
from tests.unit.schema.api import Api, a_learner

pytestmark = pytest.mark.anyio

OPERATOR = Viewer(frozenset({Role.OPERATOR}), subject="rina")
HELD = """{ heldSyncs {
  run partner { code } since readAt alarms { kind message }
  fetched added changed unchanged withdrawn quarantined
  examples { kind key title before { amount } after { amount currency } }
} }"""
APPROVE = """mutation($run: ID!) {
  approveSync(run: $run, reason: "seen the list") {
    partner { code } revision userErrors { code message }
  }
}"""
REJECT = APPROVE.replace("approveSync", "rejectSync")


async def test_an_operator_sees_what_is_held_and_why(api: Api):
    [held] = (await api.ask(HELD, OPERATOR))["heldSyncs"]

    assert held["run"] == "12"
    assert held["partner"] == {"code": "tokopedia"}
    assert [alarm["kind"] for alarm in held["alarms"]] == ["PRICES"]
    assert held["changed"] == 3
    assert held["examples"] == [
        {
            "kind": "REPRICED",
            "key": "k1",
            "title": "Kopi",
            "before": {"amount": 35_000},
            "after": {"amount": 350_000, "currency": "IDR"},
        }
    ]


@pytest.mark.parametrize(("document", "revision"), [(APPROVE, 8), (REJECT, None)])
async def test_an_operator_decides_on_the_run_that_was_shown(api: Api, document: str, revision):
    [done] = (await api.ask(document, OPERATOR, run="12")).values()

    assert done == {"partner": {"code": "tokopedia"}, "revision": revision, "userErrors": []}
    assert (await api.ask(HELD, OPERATOR))["heldSyncs"] == []
    assert api.held.deciders == ["rina"]


@pytest.mark.parametrize("document", [APPROVE, REJECT])
async def test_a_run_that_is_not_held_is_refused_as_data(api: Api, document: str):
    [done] = (await api.ask(document, OPERATOR, run="11")).values()

    assert done["partner"] is None
    assert [error["code"] for error in done["userErrors"]] == ["NOT_HELD"]


@pytest.mark.parametrize("run", ["", "twelve", "-1", "9" * 40])
async def test_what_is_no_run_is_bad_input(api: Api, run: str):
    error = await api.refused(APPROVE, OPERATOR, run=run)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("viewer", "code"), [(Viewer(), "UNAUTHENTICATED"), (a_learner(), "FORBIDDEN")]
)
@pytest.mark.parametrize("document", [HELD, APPROVE, REJECT])
async def test_nobody_else_does(api: Api, document: str, viewer: Viewer, code: str):
    variables = {} if document == HELD else {"run": "12"}

    error = await api.refused(document, viewer, **variables)

    assert error["extensions"]["code"] == code
    assert len(api.held.held) == 1
