"""Operators follow how far partners' lists are."""

import pytest

from schema.model.viewer import Role, Viewer
from tests.unit.schema.api import Api
from tests.unit.schema.fakes import TOKOPEDIA

pytestmark = pytest.mark.anyio

OPERATOR = Viewer(frozenset({Role.OPERATOR}))
FOLLOW = """subscription ($partner: String) {
  syncProgress(partner: $partner) { partner { code } fetched total added finished failure }
}"""


async def followed(api: Api, viewer: Viewer | None, partner: str | None = None):
    stream = await api.schema.subscribe(FOLLOW, {"partner": partner}, api.context(viewer))
    return [each async for each in stream] if hasattr(stream, "__aiter__") else [stream]


@pytest.mark.parametrize("partner", [None, TOKOPEDIA])
async def test_an_operator_follows_syncs(api: Api, partner: str | None):
    first, last = await followed(api, OPERATOR, partner)

    assert first.data["syncProgress"] == {
        "partner": {"code": "tokopedia"}, "fetched": 100, "total": 150, "added": 0,
        "finished": False, "failure": None,
    }  # fmt: skip
    assert (last.data["syncProgress"]["added"], last.data["syncProgress"]["finished"]) == (
        150,
        True,
    )
    assert api.syncs.asked == [partner]


async def test_an_unknown_partner_is_an_error_that_says_where_to_look(api: Api):
    (result,) = await followed(api, OPERATOR, "nobody")

    assert result.errors[0].extensions["code"] == "BAD_USER_INPUT"
    assert "partners" in result.errors[0].message


@pytest.mark.parametrize(
    ("viewer", "code"),
    [(None, "UNAUTHENTICATED"), (Viewer(frozenset({Role.LEARNER})), "FORBIDDEN")],
    ids=["nobody", "learner"],
)
async def test_nobody_else_does(api: Api, viewer: Viewer | None, code: str):
    (result,) = await followed(api, viewer)

    assert result.errors[0].extensions["code"] == code
    assert not api.syncs.asked
