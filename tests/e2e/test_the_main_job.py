"""The main job as a stranger sees it: ten partners, one catalogue, an enrolment confirmed."""

import json
import re
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.conftest import eventually, http
from tests.e2e.enrolling import ENROL, ENROLMENT, offering_of, wait_for

PARTNER = """query ($code: String!) {
  partner(code: $code) { health freshness { state reason fetchedAt } offeringCount }
}"""
COVERAGE = """{
  courses { totalCount coverage { complete missing { partner { code } reason since lastGoodAt } } }
}"""
VERDICTS = """query ($offering: ID!) {
  enrolmentVerdicts(offeringId: $offering) { rule code state message values { name value } }
}"""
ME = "{ me { balance { amount currency } enrolments { totalCount nodes { id status } } } }"


def test_ten_partners_become_one_catalogue(mitra):
    answer = mitra.ask(
        "{ courses { totalCount coverage { complete } } institutions { totalCount }"
        "  partners { code health freshness { state } offeringCount } }"
    )

    assert answer["courses"] == {"totalCount": 1500, "coverage": {"complete": True}}
    assert answer["institutions"] == {"totalCount": 192}
    assert len(answer["partners"]) == 10
    assert {p["health"] for p in answer["partners"]} == {"HEALTHY"}
    assert {p["freshness"]["state"] for p in answer["partners"]} == {"FRESH"}
    assert sum(p["offeringCount"] for p in answer["partners"]) > 1500


def test_the_readmes_first_question_has_the_readmes_answer(mitra):
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    [question, *_] = re.findall(r"-d '(\{.*?\})'\n", readme, re.DOTALL)
    [shown] = re.findall(r"```json\n(.*?)```", readme, re.DOTALL)

    answer = http.post(f"{mitra.url}/graphql", json=json.loads(question.replace("\n", " ")))

    assert answer.json() == json.loads(shown)


@pytest.mark.parametrize("words", ["desain grafis", "barista"])
def test_search_finds_what_a_person_expects(mitra, words):
    answer = mitra.ask(
        "query ($words: String!) { courses(search: $words, first: 5) { nodes { title } } }",
        words=words,
    )

    titles = [node["title"].lower() for node in answer["courses"]["nodes"]]
    assert titles
    assert all(word in title for title in titles for word in words.split())


def test_a_course_that_several_partners_sell_is_one_course(mitra):
    answer = mitra.ask("{ courses(first: 100) { nodes { offerings { partner { code } } } } }")

    shared = [c for c in answer["courses"]["nodes"] if len(c["offerings"]) > 1]
    assert shared
    assert all(
        len({o["partner"]["code"] for o in course["offerings"]}) == len(course["offerings"])
        for course in shared
    )


def test_a_partner_that_is_down_is_named_and_its_courses_stay(mitra):
    mitra.command("sandbox", "down", "tokopedia")
    printed = mitra.command("sync", "tokopedia", "bukalapak", fails=True)

    eventually(
        lambda: mitra.ask(PARTNER, code="tokopedia")["partner"]["health"] == "DOWN",
        what="tokopedia is seen to be down",
    )
    stale = mitra.ask(PARTNER, code="tokopedia")["partner"]
    courses = mitra.ask(COVERAGE)["courses"]
    healthy = mitra.ask(PARTNER, code="bukalapak")["partner"]

    assert "1 of 2 partners synced" in printed
    assert stale["freshness"]["state"] == "STALE"
    assert stale["freshness"]["reason"]
    assert stale["freshness"]["fetchedAt"]
    assert stale["offeringCount"] > 0
    assert courses["totalCount"] == 1500
    assert not courses["coverage"]["complete"]
    assert [m["partner"]["code"] for m in courses["coverage"]["missing"]] == ["tokopedia"]
    assert healthy["freshness"]["state"] == "FRESH"

    mitra.command("sandbox", "up", "tokopedia")
    mitra.command("sync", "tokopedia")

    eventually(
        lambda: mitra.ask(PARTNER, code="tokopedia")["partner"]["freshness"]["state"] == "FRESH",
        what="tokopedia is fresh again",
    )


@pytest.mark.parametrize(
    ("partner", "has_session"),
    [
        ("skill_academy", False),
        ("tokopedia", False),
        ("bukalapak", False),
        ("pintaria", False),
        ("sekolahmu", False),
        ("maubelajarapa", True),
        ("pijar_mahir", False),
        ("sisnaker", False),
        ("bina_bumn", False),
        ("pasar_kelas", True),
    ],
)
def test_an_enrolment_is_confirmed_by_every_partner(mitra, partner, has_session):
    offering, session = offering_of(mitra, partner, has_session=has_session)
    token = mitra.token(f"learner-of-{partner}")
    wish = {"offeringId": offering, "sessionId": session, "idempotencyKey": f"{partner}-1"}

    accepted = mitra.ask(ENROL, token, input=wish)["enrol"]
    confirmed = wait_for(mitra, accepted["enrolment"]["id"], token, "CONFIRMED")

    assert accepted["userErrors"] == []
    assert accepted["enrolment"]["status"] == "RESERVED"
    assert confirmed["partnerReference"]
    assert [e["to"] for e in confirmed["events"]][-3:] == ["RESERVED", "SUBMITTING", "CONFIRMED"]


def test_one_key_is_one_enrolment_and_one_course_is_taken_once(mitra):
    offering, _ = offering_of(mitra, "skill_academy", has_session=False)
    token = mitra.token("rini")
    wish = {"offeringId": offering, "idempotencyKey": "once"}

    first = mitra.ask(ENROL, token, input=wish)["enrol"]
    again = mitra.ask(ENROL, token, input=wish)["enrol"]
    other_key = mitra.ask(ENROL, token, input={**wish, "idempotencyKey": "twice"})["enrol"]
    wait_for(mitra, first["enrolment"]["id"], token, "CONFIRMED")
    me = mitra.ask(ME, token)["me"]

    assert again["enrolment"]["id"] == first["enrolment"]["id"]
    assert [e["code"] for e in other_key["userErrors"]] == ["ALREADY_ENROLLED"]
    assert me["enrolments"]["totalCount"] == 1
    assert me["balance"]["amount"] == 3_500_000 - first["enrolment"]["price"]["amount"]


def test_a_dry_run_shows_every_rule_and_records_nothing(mitra):
    first, _ = offering_of(mitra, "tokopedia", has_session=False)
    second, _ = offering_of(mitra, "pintaria", has_session=False)
    token = mitra.token("ratna")
    mitra.ask(ENROL, token, input={"offeringId": first, "idempotencyKey": "first"})

    verdicts = mitra.ask(VERDICTS, token, offering=second)["enrolmentVerdicts"]
    refused = mitra.ask(ENROL, token, input={"offeringId": second, "idempotencyKey": "second"})

    refusing = [each for each in verdicts if each["state"] == "REFUSED"]
    assert [each["code"] for each in refusing] == ["PREVIOUS_COURSE_UNFINISHED"]
    assert [each["code"] for each in refused["enrol"]["userErrors"]] == [refusing[0]["code"]]
    assert mitra.ask(ME, token)["me"]["enrolments"]["totalCount"] == 1


def test_a_session_is_closed_days_before_it_starts(mitra):
    said = mitra.ask("""{ courses(first: 100, filter: { deliveryModes: [ONSITE, LIVE_ONLINE] }) {
      nodes { offerings { enrolmentMode sessions { startsAt purchaseEndsAt availability } } }
    } }""")
    now = datetime.now(UTC)
    sold = [
        session
        for course in said["courses"]["nodes"]
        for offering in course["offerings"]
        if offering["enrolmentMode"] != "LINK"
        for session in offering["sessions"]
    ]

    assert sold
    for session in sold:
        ends, starts = (
            datetime.fromisoformat(session[at]) for at in ("purchaseEndsAt", "startsAt")
        )
        assert timedelta(0) <= starts - ends <= timedelta(days=3)
        assert ends > now or session["availability"] == "CLOSED"


def test_an_enrolment_survives_a_restart(mitra):
    offering, _ = offering_of(mitra, "pintaria", has_session=False)
    token = mitra.token("dewi")
    wish = {"offeringId": offering, "idempotencyKey": "before-the-restart"}
    enrolment = mitra.ask(ENROL, token, input=wish)["enrol"]["enrolment"]["id"]
    confirmed = wait_for(mitra, enrolment, token, "CONFIRMED")

    mitra.stop("gateway")
    mitra.start("gateway", "serve")
    mitra.wait_until_ready()

    assert mitra.ask(ENROLMENT, token, id=enrolment)["enrolment"] == confirmed
    assert mitra.ask("{ courses { totalCount } }")["courses"]["totalCount"] == 1500


def test_nobody_reads_anothers_enrolment(mitra):
    offering, _ = offering_of(mitra, "sekolahmu", has_session=False)
    wish = {"offeringId": offering, "idempotencyKey": "mine"}
    enrolment = mitra.ask(ENROL, mitra.token("owner"), input=wish)["enrol"]["enrolment"]["id"]

    by_id = mitra.ask(ENROLMENT, mitra.token("stranger"), id=enrolment)
    by_node = mitra.ask("query ($id: ID!) { node(id: $id) { id } }", id=enrolment)

    assert by_id == {"enrolment": None}
    assert by_node == {"node": None}


def test_a_bad_token_is_refused_even_for_public_fields(mitra):
    answer = http.post(
        f"{mitra.url}/graphql",
        json={"query": "{ __typename }"},
        headers={"Authorization": "Bearer not-a-token"},
    )

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"query": "\xff"}', id="not-utf-8"),
        pytest.param(b'{"query": "{ __typename }", "variables": ' + b"[" * 100_000, id="too-deep"),
        pytest.param(b'{"variables": {"n": ' + b"9" * 5_000 + b"}}", id="endless-number"),
        pytest.param(b'{"variables": {"n": NaN}}', id="nan"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="empty-batch"),
        pytest.param(b"{}", id="no-query"),
        pytest.param(b'{"query": 5}', id="query-is-a-number"),
    ],
)
@pytest.mark.parametrize("is_known", [True, False], ids=["learner", "anonymous"])
def test_nonsense_is_refused_as_json(mitra, body, is_known):
    headers = {"Content-Type": "application/json"}
    if is_known:
        headers["Authorization"] = f"Bearer {mitra.token('any')}"

    answer = http.post(f"{mitra.url}/graphql", content=body, headers=headers)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_the_command_line_issues_tokens_for_development(mitra):
    printed = mitra.command("token", "--role", "learner", "--subject", "wayan")

    assert mitra.ask(ME, token=printed.splitlines()[-1])["me"]["balance"]["amount"] == 3_500_000


def test_machines_are_told_what_they_ask(mitra):
    live = http.get(f"{mitra.url}/livez")
    ready = http.get(f"{mitra.url}/readyz")
    metrics = http.get(f"{mitra.url}/metrics")
    sdl = http.get(f"{mitra.url}/schema.graphql")

    assert live.status_code == 200
    assert ready.json()["ready"] is True
    assert "mitra_catalogue_revision" in metrics.text
    assert "type Course implements Node" in sdl.text


def test_sync_prints_plain_lines_where_nobody_looks_on(mitra):
    printed = mitra.command("sync")

    lines = printed.splitlines()
    assert len([line for line in lines if "unchanged" in line]) >= 10
    assert "\x1b" not in printed


def test_the_server_turns_away_what_is_too_much_or_ambiguous(mitra):
    ambiguous = b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"
    too_much = b"X-A: " + b"a" * 64_000 + b"\r\n\r\n"
    told = []
    for headers in (ambiguous, too_much):
        with socket.create_connection(("127.0.0.1", mitra.port), timeout=10) as client:
            client.sendall(b"POST /graphql HTTP/1.1\r\nHost: mitra\r\n" + headers)
            told.append(client.recv(12))

    assert told == [b"HTTP/1.1 400", b"HTTP/1.1 431"]
