"""Bundles stop everywhere at once, as a letter ordered in June 2020, and come back."""

import pytest

from gateway.identity.development import issue_token
from schema.model.viewer import Role
from tests.e2e.conftest import Mitra, eventually

VISIBLE_SECONDS = 2
LETTER = "S-148/Dir-Eks/06/2020"
SOLD = """query ($after: String) {
  courses(filter: { partners: ["tokopedia"], priceMin: 1, priceMax: 500000 },
          first: 100, after: $after) {
    nodes { id title offerings { id bundle enrolmentMode partner { code } sessions { id } } }
    pageInfo { hasNextPage endCursor }
  }
}"""
COURSE = "query ($id: ID!) { course(id: $id) { withdrawn offerings { id bundle } } }"
BLOCK = """mutation ($letter: String!) {
  blockCourses(input: { scope: BUNDLE, reason: "bundles are under review", letter: $letter }) {
    block { id inForce createdBy } userErrors { message }
  }
}"""
LIFT = """mutation ($id: ID!) {
  liftBlock(input: { blockId: $id, reason: "reviewed" }) { block { inForce } }
}"""
ENROL = """mutation ($input: EnrolInput!) {
  enrol(input: $input) { enrolment { id status course { title } } userErrors { code message } }
}"""
ENROLMENT = "query ($id: ID!) { enrolment(id: $id) { status course { title } } }"


@pytest.fixture
def operator(mitra: Mitra) -> str:
    return issue_token(mitra.data_dir, Role.OPERATOR, "rina")


def a_bundle(mitra: Mitra) -> tuple[str, str]:
    """Return course and offering of a bundle that can be bought without choosing a session."""
    after = None
    while True:
        page = mitra.ask(SOLD, after=after)["courses"]
        for course in page["nodes"]:
            for each in course["offerings"]:
                is_plain = each["enrolmentMode"] == "DIRECT" and not each["sessions"]
                if each["bundle"] and is_plain:
                    return course["id"], each["id"]
        assert page["pageInfo"]["hasNextPage"], "Tokopedia sells no bundle"
        after = page["pageInfo"]["endCursor"]


def test_bundles_are_blocked_and_come_back(mitra: Mitra, operator: str):
    course, offering = a_bundle(mitra)

    def is_shown() -> bool:
        found = mitra.ask(COURSE, id=course)["course"]["offerings"]
        return any(each["bundle"] for each in found)

    def enrol(learner: str) -> dict:
        wish = {"offeringId": offering, "idempotencyKey": "key-1"}
        return mitra.ask(ENROL, mitra.token(learner), input=wish)["enrol"]

    earlier = enrol("before-the-block")["enrolment"]
    block = mitra.ask(BLOCK, operator, letter=LETTER)["blockCourses"]["block"]
    refused = enrol("after-the-block")
    eventually(lambda: not is_shown(), what="the bundle is gone", seconds=VISIBLE_SECONDS)
    untouched = mitra.ask(ENROLMENT, mitra.token("before-the-block"), id=earlier["id"])
    lifted = mitra.ask(LIFT, operator, id=block["id"])["liftBlock"]["block"]
    eventually(is_shown, what="the bundle is back", seconds=VISIBLE_SECONDS)

    assert (block["inForce"], block["createdBy"]) == (True, "rina")
    assert [each["code"] for each in refused["userErrors"]] == ["COURSE_BLOCKED"]
    assert LETTER in refused["userErrors"][0]["message"]
    assert untouched["enrolment"]["course"] == earlier["course"]
    assert lifted == {"inForce": False}
    assert enrol("after-the-lift")["userErrors"] == []


def test_the_command_line_blocks_what_another_process_serves(mitra: Mitra):
    course, _ = a_bundle(mitra)

    added = mitra.command(
        "blocks", "add", "bundle", "--reason", "under review", "--letter", LETTER, "--by", "rina"
    )

    def is_withdrawn() -> bool:
        offerings = mitra.ask(COURSE, id=course)["course"]["offerings"]
        return not any(each["bundle"] for each in offerings)

    eventually(is_withdrawn, what="the bundle is gone", seconds=VISIBLE_SECONDS)
    number = added.splitlines()[-1].split("\t")[0]
    assert "in force" in mitra.command("blocks", "list")
    assert "lifted" in mitra.command("blocks", "lift", number, "--reason", "reviewed")
    eventually(lambda: not is_withdrawn(), what="the bundle is back", seconds=VISIBLE_SECONDS)
    assert "0 waiting" in mitra.command("approvals", "list")
    assert "There is no such partner" in mitra.command(
        "blocks", "add", "partner", "nobody", "--reason", "x", "--letter", "y", fails=True
    )
