"""Reconciling and reporting as an operator does it: real partners' formats, real HTTP."""

import csv
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.sandbox.state import read_state
from gateway.identity.development import issue_token
from schema.model.viewer import Role
from tests.e2e.conftest import Mitra, http
from tests.e2e.enrolling import ENROL, offering_of, wait_for

PARTNERS = {  # one of each envelope
    "skill_academy": False,
    "sekolahmu": False,
    "pintaria": False,
    "sisnaker": False,
    "pasar_kelas": True,
}
CREATED = "query ($id: ID!) { enrolment(id: $id) { createdAt reference price { amount } } }"
FOUND = """query ($day: Date!) {
  reconciliations(since: $day, until: $day) {
    partner { code } state enrolments ours { count amount } theirs { count amount }
    captured { count amount } driftByKind { kind count amount }
  }
}"""
REPORT = """query ($day: Date!) {
  enrolmentReport(by: [PARTNER, DAY], since: $day, until: $day) {
    rows { keys { value } measures { enrolments confirmed spent } } total { spent } complete
  }
}"""


@pytest.fixture(scope="module")
def booked(mitra: Mitra) -> dict[str, dict]:
    """An enrolment that each partner has confirmed, by partner."""
    found = {}
    for partner, has_session in PARTNERS.items():
        offering, session = offering_of(mitra, partner, has_session=has_session)
        token = mitra.token(f"learner-of-{partner}")
        wish = {"offeringId": offering, "sessionId": session, "idempotencyKey": "once"}
        enrolment = mitra.ask(ENROL, token, input=wish)["enrol"]["enrolment"]["id"]
        wait_for(mitra, enrolment, token, "CONFIRMED")
        found[partner] = mitra.ask(CREATED, token, id=enrolment)["enrolment"]
    return found


@pytest.fixture(scope="module")
def day(booked: dict[str, dict]) -> str:
    """The programme's day on which all that was booked."""
    days = {
        datetime.fromisoformat(each["createdAt"]).astimezone(ZoneInfo("Asia/Jakarta")).date()
        for each in booked.values()
    }
    if len(days) > 1:
        pytest.skip("midnight came in between")
    return days.pop().isoformat()


def operator(mitra: Mitra) -> str:
    return issue_token(mitra.data_dir, Role.OPERATOR, "rina")


def test_what_was_booked_reconciles_with_every_partner(mitra, booked, day):
    printed = mitra.command("reconcile", "--day", day)
    reports = mitra.ask(FOUND, operator(mitra), day=day)["reconciliations"]

    told = {report["partner"]["code"]: report for report in reports}
    assert len(told) == 10
    assert {report["state"] for report in reports} == {"CLEAN"}
    for partner, enrolment in booked.items():
        one = {"count": 1, "amount": enrolment["price"]["amount"]}
        assert told[partner]["ours"] == told[partner]["theirs"] == told[partner]["captured"] == one
        assert f"{partner}\t{day}\tCLEAN\t1\t0" in printed


def test_enrolments_and_money_are_reported_and_exported(mitra, booked, day, tmp_path):
    out, rows = tmp_path / "export.csv", tmp_path / "by.csv"
    spent = {code: enrolment["price"]["amount"] for code, enrolment in booked.items()}

    report = mitra.ask(REPORT, operator(mitra), day=day)["enrolmentReport"]
    table = mitra.command("report", "enrolments", "--by", "partner,category", "--since", day)
    mitra.command(
        *("report", "enrolments", "--by", "region,institution", "--format", "csv"),
        *("--out", str(rows)),
    )
    exported = mitra.command("report", "export", "--until", day, "--out", str(out))

    assert {row["keys"][0]["value"]: row["measures"]["spent"] for row in report["rows"]} == spent
    assert {row["keys"][1]["value"] for row in report["rows"]} == {day}
    assert report["total"]["spent"] == sum(spent.values())
    assert table.startswith("partner\tcategory\tenrolments\t")
    grouped = list(csv.DictReader(rows.read_text().splitlines()))
    assert sum(int(row["spent"]) for row in grouped) == sum(spent.values())
    assert all(row["institution"] and row["institution_name"] for row in grouped)
    assert any(row["region"] for row in grouped)  # Pasar Kelas sells seats at a place
    single = list(csv.DictReader(out.read_text().splitlines()))
    assert {row["reference"] for row in single} == {e["reference"] for e in booked.values()}
    assert "5 enrolments in" in exported


def test_drift_is_named_counted_and_fails_the_command(mitra, booked, day, tmp_path):
    sandbox = read_state(mitra.data_dir)
    partner, out = sandbox.partners["skill_academy"], tmp_path / "drift.csv"
    headers = {"Authorization": f"Bearer {partner.secrets['token']}"}
    mine = booked["skill_academy"]
    offering = http.get(f"{partner.address}/v1/courses", headers=headers).json()["data"]
    key = next(row["id"] for row in offering if row["bookable"] and not row["batches"])
    order = {
        "reference": "nobody-knows",
        "offering": key,
        "session": None,
        "learner": "x",
        "price": {"amount": 77_000, "currency": "IDR"},
    }
    http.post(f"{partner.address}/enrolments", json=order, headers=headers).raise_for_status()
    url = f"{partner.address}/enrolments/{mine['reference']}"
    http.delete(url, headers=headers).raise_for_status()

    printed = mitra.command(
        *("reconcile", "--day", day, "--partner", "skill_academy", "--csv", str(out)), fails=True
    )
    again = mitra.command("reconcile", "--day", day, "--stored", fails=True)

    price = mine["price"]["amount"]
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [(row["kind"], row["reference"], int(row["amount"])) for row in rows] == [
        ("STATUS_DIFFERS", mine["reference"], price),
        ("UNKNOWN_TO_US", "nobody-knows", 77_000),
    ]
    for said in (printed, again):
        assert f"skill_academy\t{day}\tSTATUS_DIFFERS\t1\t{price:,}" in said
        assert f"skill_academy\t{day}\tUNKNOWN_TO_US\t1\t77,000" in said


def test_a_partner_that_is_down_is_named(mitra, day):
    mitra.command("sandbox", "down", "bukalapak")

    printed = mitra.command("reconcile", "--day", day, "--partner", "bukalapak", fails=True)

    mitra.command("sandbox", "up", "bukalapak")
    assert f"bukalapak\t{day}\tFAILED" in printed
    assert "Traceback" not in printed
    assert "CLEAN" in mitra.command("reconcile", "--day", day, "--partner", "bukalapak")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["reconcile", "--partner", "nobody"], "gives no statements"),
        (["report", "enrolments", "--by", "colour"], "partner, institution, region"),
        (["report", "enrolments", "--by", "day,day"], "two different dimensions"),
        (["report", "export", "--format", "parquet"], "name a file with --out"),
        (["report", "export", "--format", "table"], "--format csv"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_named(mitra, command, said):
    printed = mitra.command(*command, fails=True)

    assert said in " ".join(printed.replace("│", " ").split())
    assert "Traceback" not in printed
