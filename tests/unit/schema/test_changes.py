"""The delta feed, as clients ask for it."""

import pytest

from tests.unit.schema.api import Api
from tests.unit.schema.fakes import a_course

pytestmark = pytest.mark.anyio

CHANGES = """query($since: String! = "0", $first: Int, $after: String) {
  catalogueChanges(since: $since, first: $first, after: $after) {
    revision
    nodes { kind courseId mergedInto course { id title } }
    edges { cursor node { courseId } }
    pageInfo { hasNextPage endCursor }
  }
}"""


async def test_changes_come_with_their_courses_and_the_revision_they_lead_to(api):
    asked = "{ catalogueChanges { revision nodes { kind courseId course { id } } } }"

    found = (await api.ask(asked))["catalogueChanges"]

    assert found["revision"] == "7"
    assert [change["kind"] for change in found["nodes"]] == ["ADDED"] * 5
    assert all(change["courseId"] == change["course"]["id"] for change in found["nodes"])


async def test_a_withdrawn_course_is_told_by_its_id_alone():
    api = Api([a_course(withdrawn=True, offerings=())])

    [change] = (await api.ask(CHANGES, since="5"))["catalogueChanges"]["nodes"]

    assert (change["kind"], change["course"]) == ("WITHDRAWN", None)
    assert change["courseId"]


async def test_changes_are_paged(api):
    first = (await api.ask(CHANGES, first=2))["catalogueChanges"]
    second = (await api.ask(CHANGES, first=3, after=first["pageInfo"]["endCursor"]))[
        "catalogueChanges"
    ]

    assert first["pageInfo"]["hasNextPage"] is True
    assert second["pageInfo"]["hasNextPage"] is False
    ids = [edge["node"]["courseId"] for page in (first, second) for edge in page["edges"]]
    assert len(set(ids)) == 5


@pytest.mark.parametrize("since", ["", "-1", "1.5", "yesterday", "٣", "9" * 16, "8"])
async def test_what_is_no_revision_is_refused(api, since):
    error = await api.refused(CHANGES, since=since)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "`since`" in error["message"]


async def test_a_revision_that_is_no_longer_kept_is_told_what_to_do(api):
    error = await api.refused(CHANGES, since="2")

    assert error["extensions"]["code"] == "CHANGES_EXPIRED"
    assert 'begin again with `since: "0"`' in error["message"]


@pytest.mark.parametrize("arguments", [{"first": 101}, {"first": -1}, {"after": "nonsense"}])
async def test_pages_are_bounded_and_cursors_checked(api, arguments):
    error = await api.refused(CHANGES, **arguments)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
