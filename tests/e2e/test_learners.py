"""Operators bring in a learner, and what is done is sealed while the gateway runs."""

import base64
from collections.abc import Iterator

import pytest

from gateway.identity.development import issue_token
from schema.model.viewer import Role
from tests.e2e.conftest import Mitra, eventually, http, running

CANARY = "3174014502940001"
KEY = base64.b64encode(b"k" * 32).decode()
IMPORT = """mutation ($rows: [LearnerRowInput!]!) {
  importLearners(input: { rows: $rows }) { imported rejected { row reason } notes }
}"""
POST = """mutation ($rows: [GrantRowInput!]!) {
  postGrants(input: { batch: "w1", rows: $rows }) { posted unchanged amount }
}"""
ERASE = 'mutation { eraseLearner(learner: "imported") { erasedAt liveEnrolments } }'


@pytest.fixture(scope="module")
def mitra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mitra]:
    """One gateway that has keys, and no partners."""
    keys = {"MITRA_NATIONAL_ID_KEYS": f"1:{KEY}", "MITRA_CONTACT_KEYS": f"1:{KEY}"}
    with running(tmp_path_factory.mktemp("mitra"), "gateway", **keys) as mitra:
        yield mitra


def test_a_learner_comes_in_is_paid_and_forgotten(mitra: Mitra):
    operator = issue_token(mitra.data_dir, Role.OPERATOR, "rina")
    learner = {
        "reference": "imported",
        "scheme": "2023",
        "announced": "2023-02-28",
        "inFormalEducation": False,
        "nationalId": CANARY,
        "phone": "0812",
    }
    grants = [{"row": 1, "reference": "imported", "amount": 1_234_567}]

    imported = mitra.ask(IMPORT, operator, rows=[learner, {**learner, "reference": "twice"}])
    posted = [mitra.ask(POST, operator, rows=grants)["postGrants"] for _ in range(2)]
    balance = mitra.ask("{ me { balance { amount } } }", mitra.token("imported"))
    erased = mitra.ask(ERASE, operator)["eraseLearner"]

    assert imported["importLearners"] == {
        "imported": 1,
        "rejected": [{"row": 2, "reason": "another learner has this national id"}],
        "notes": [],
    }
    assert [(each["posted"], each["unchanged"]) for each in posted] == [(1, 0), (0, 1)]
    assert balance["me"]["balance"]["amount"] == 1_234_567
    assert erased["liveEnrolments"] == 0
    eventually(
        lambda: "nothing waits to be sealed" in mitra.command("audit", "verify"),
        what="all is sealed",
    )
    head = mitra.command("audit", "head").strip()
    assert int(head.split(":")[0]) == 2 + 3  # the grant's entries; import, grants, erasure
    assert "verified" in mitra.command("audit", "verify", "--head", head)


def test_no_answer_and_no_log_repeats_a_national_id(mitra: Mitra):
    operator = issue_token(mitra.data_dir, Role.OPERATOR, "rina")
    answers = [
        http.post(
            f"{mitra.url}/graphql",
            json=body,
            headers={"Authorization": f"Bearer {operator}"},
            timeout=10,
        ).text
        for body in (
            {"query": IMPORT, "variables": {"rows": [{"nationalId": int(CANARY)}]}},
            {"query": IMPORT, "variables": {"rows": CANARY}},
            {"query": f'mutation {{ importLearners(input: {{ rows: "{CANARY}" }}) }}'},
            {"query": f'{{ learnerConsents(learner: "{CANARY}'},
            {"query": CANARY},
        )
    ]

    assert all("errors" in answer for answer in answers)
    assert CANARY not in "".join(answers)
    assert CANARY not in (mitra.data_dir / "gateway.log").read_text()
    for file in mitra.data_dir.rglob("*.sqlite3*"):
        assert CANARY.encode() not in file.read_bytes()


def test_a_malformed_key_stops_the_start(mitra: Mitra):
    mitra.environment["MITRA_CONTACT_KEYS"] = "1:short"
    try:
        said = mitra.command("worker", fails=True)
    finally:
        mitra.environment["MITRA_CONTACT_KEYS"] = f"1:{KEY}"

    assert "MITRA_CONTACT_KEYS is malformed" in said
    assert "Traceback" not in said
