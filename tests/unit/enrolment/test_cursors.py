"""What a cursor of the ledger's lists promises."""

import base64
import json

import pytest

from gateway.enrolment.cursors import from_cursor, to_cursor, to_moment
from schema.ports import BadCursorError

FEED = ("feed",)


def written(said: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def test_a_cursor_leads_back_to_its_place():
    assert from_cursor(to_cursor(("review",), "2020-04-11", "e-1"), ("review",), str, str) == [
        "2020-04-11",
        "e-1",
    ]


def test_the_feeds_cursors_stay_as_programmes_keep_them():
    assert to_cursor(FEED, 7) == "WyJmZWVkIiwgN10"
    assert from_cursor("WyJmZWVkIiwgN10", FEED, int) == [7]


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param("%%", id="no-base64"),
        pytest.param("é", id="no-ascii"),
        pytest.param("A" * 1_000, id="too-long"),
        pytest.param("W1tbW1tbW1tbW1tbW1tb" * 19, id="deep"),
        pytest.param(written({"feed": 7}), id="no-list"),
        pytest.param(written(["feed"]), id="no-place"),
        pytest.param(written(["other", 7]), id="another-list"),
        pytest.param(written(["feed", "7"]), id="another-kind"),
        pytest.param(written(["feed", True]), id="a-bool"),
        pytest.param(written(["feed", 7, 8]), id="too-much"),
        pytest.param(written([["feed"], 7]), id="a-list-for-a-name"),
    ],
)
def test_what_this_list_never_gave_is_refused(cursor: str):
    with pytest.raises(BadCursorError):
        from_cursor(cursor, FEED, int)


@pytest.mark.parametrize("part", ["yesterday", "2020-04-11T09:00:00"])
def test_a_moment_has_a_zone(part: str):
    with pytest.raises(BadCursorError):
        to_moment(part)
