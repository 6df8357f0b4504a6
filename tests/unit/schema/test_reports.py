"""Operators see drift and count enrolments; nobody else does."""

from datetime import date

import pytest

from schema.ids import NodeKind, to_global_id
from schema.model.reports import ReportDimension, ReportQuery
from schema.model.viewer import Role, Viewer
from tests.unit.schema.api import Api, a_learner

pytestmark = pytest.mark.anyio

OPERATOR = Viewer(frozenset({Role.OPERATOR}))
RECONCILIATIONS = """query ($since: Date, $partner: String, $kind: DriftKind) {
  reconciliations(since: $since, partner: $partner) {
    partner { code } day state reason enrolments open
    ours { count amount } theirs { amount } captured { amount } drift { count amount }
    driftByKind { kind count amount }
    drifts(kind: $kind) { kind reference amount enrolmentId ours theirs detail }
  }
}"""
PAGES = """query ($after: String, $drifts: String) {
  reconciliationsConnection(first: 1, after: $after) {
    totalCount pageInfo { hasNextPage }
    nodes { day driftsConnection(first: 1, after: $drifts) {
      totalCount nodes { reference } pageInfo { hasNextPage endCursor }
    } }
  }
}"""
REPORT = """query ($by: [ReportDimension!]!, $since: Date, $until: Date) {
  enrolmentReport(by: $by, since: $since, until: $until) {
    rows { keys { dimension value label } measures { enrolments captured spent } }
    total { enrolments confirmed }
    complete
  }
}"""


async def test_an_operator_sees_what_disagrees(api: Api):
    [report] = (await api.ask(RECONCILIATIONS, OPERATOR))["reconciliations"]

    assert (report["partner"], report["day"]) == ({"code": "tokopedia"}, "2020-04-10")
    assert (report["state"], report["enrolments"], report["open"]) == ("DRIFT", 3, 1)
    assert report["captured"] == {"amount": 5_000_000_000}
    assert report["drift"] == {"count": 2, "amount": 440_000}
    assert [each["kind"] for each in report["driftByKind"]] == [
        "MISSING_AT_PARTNER",
        "UNKNOWN_TO_US",
    ]
    assert report["drifts"] == [
        {
            "kind": "MISSING_AT_PARTNER",
            "reference": "mitra-1",
            "amount": 350_000,
            "enrolmentId": to_global_id(NodeKind.ENROLMENT, "1"),
            "ours": "CONFIRMED",
            "theirs": None,
            "detail": None,
        },
        {
            "kind": "UNKNOWN_TO_US",
            "reference": "x-1",
            "amount": 90_000,
            "enrolmentId": None,
            "ours": None,
            "theirs": "confirmed",
            "detail": "TKP-9",
        },
    ]


async def test_reports_are_chosen_by_partner_day_and_kind(api: Api):
    other = await api.ask(RECONCILIATIONS, OPERATOR, partner="pintaria")
    later = await api.ask(RECONCILIATIONS, OPERATOR, since="2020-04-11")
    [one] = (await api.ask(RECONCILIATIONS, OPERATOR, kind="UNKNOWN_TO_US"))["reconciliations"]

    assert other == later == {"reconciliations": []}
    assert [drift["reference"] for drift in one["drifts"]] == ["x-1"]


async def test_reports_and_their_drifts_are_paged(api: Api):
    first = (await api.ask(PAGES, OPERATOR))["reconciliationsConnection"]
    drifts = first["nodes"][0]["driftsConnection"]
    cursor = drifts["pageInfo"]["endCursor"]
    again = (await api.ask(PAGES, OPERATOR, drifts=cursor))["reconciliationsConnection"]

    assert (first["totalCount"], first["pageInfo"]) == (1, {"hasNextPage": False})
    assert drifts["totalCount"] == 2
    assert [drifts["nodes"], again["nodes"][0]["driftsConnection"]["nodes"]] == [
        [{"reference": "mitra-1"}],
        [{"reference": "x-1"}],
    ]
    error = await api.refused(PAGES, OPERATOR, after="of another list")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_an_operator_counts_enrolments(api: Api):
    by = ["INSTITUTION", "REGION"]

    report = (await api.ask(REPORT, OPERATOR, by=by, since="2020-04-01"))["enrolmentReport"]

    institution = to_global_id(NodeKind.INSTITUTION, "i-1")
    assert report["rows"] == [
        {
            "keys": [
                {"dimension": "INSTITUTION", "value": institution, "label": "BLK Makassar"},
                {"dimension": "REGION", "value": None, "label": None},
            ],
            "measures": {"enrolments": 2, "captured": 7 * 10**9, "spent": 7 * 10**9},
        }
    ]
    assert (report["total"], report["complete"]) == ({"enrolments": 2, "confirmed": 2}, True)
    assert api.reports.asked == [
        ReportQuery((ReportDimension.INSTITUTION, ReportDimension.REGION), date(2020, 4, 1))
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {"by": []},
        {"by": ["DAY", "DAY"]},
        {"by": ["DAY", "PARTNER", "REGION"]},
        {"by": ["DAY"], "since": "2020-04-12", "until": "2020-04-11"},
    ],
)
async def test_what_cannot_be_counted_is_bad_input(api: Api, asked: dict):
    error = await api.refused(REPORT, OPERATOR, **asked)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert api.reports.asked == []


@pytest.mark.parametrize("day", ["yesterday", "2020-02-30", 20200411])
async def test_what_is_no_day_is_refused(api: Api, day):
    error = await api.refused(REPORT, OPERATOR, by=["DAY"], since=day)

    assert "Date is an ISO 8601 day" in error["message"]


@pytest.mark.parametrize(
    ("viewer", "code"), [(Viewer(), "UNAUTHENTICATED"), (a_learner(), "FORBIDDEN")]
)
@pytest.mark.parametrize(
    ("document", "asked"), [(RECONCILIATIONS, {}), (PAGES, {}), (REPORT, {"by": ["DAY"]})]
)
async def test_nobody_else_does(api: Api, document: str, asked: dict, viewer: Viewer, code: str):
    error = await api.refused(document, viewer, **asked)

    assert error["extensions"]["code"] == code


START = """mutation ($partner: String!, $day: Date! = "2020-04-10") {
  startReconciliation(input: { partner: $partner, day: $day }) {
    reconciliation { state startedAt } userErrors { code field }
  }
}"""


async def test_an_operator_has_a_day_compared(api: Api):
    rina = Viewer(frozenset({Role.OPERATOR}), subject="rina")

    started = (await api.ask(START, rina, partner="tokopedia"))["startReconciliation"]
    unknown = (await api.ask(START, rina, partner="nobody"))["startReconciliation"]

    assert (started["reconciliation"]["state"], started["userErrors"]) == ("DRIFT", [])
    assert unknown["reconciliation"] is None
    assert unknown["userErrors"] == [{"code": "NOT_FOUND", "field": ["input", "partner"]}]
    wish = api.reconciliations.wishes[0]
    assert (wish.partner, wish.day, wish.by) == ("tokopedia", date(2020, 4, 10), "rina")


@pytest.mark.parametrize("viewer", [a_learner(), Viewer(frozenset({Role.PARTNER}))])
async def test_nobody_else_has_a_day_compared(api: Api, viewer: Viewer):
    error = await api.refused(START, viewer, partner="tokopedia")

    assert error["extensions"]["code"] == "FORBIDDEN"
    assert api.reconciliations.wishes == []
