"""Importing learners, posting grants, consent and being forgotten, over GraphQL."""

import json

import pytest

from schema.model.learners import ConsentDecision
from schema.model.viewer import ANONYMOUS, Role, Viewer
from tests.unit.schema.api import Api, a_learner

pytestmark = pytest.mark.anyio

OPERATOR = Viewer(frozenset({Role.OPERATOR}), subject="rina")
NATIONAL_ID = "3174014502940001"
SITI = {
    "reference": "siti", "scheme": "2024", "announced": "2024-02-28", "inFormalEducation": False,
}  # fmt: skip
IMPORT = """mutation ($rows: [LearnerRowInput!]!) {
  importLearners(input: { rows: $rows }) {
    imported updated unchanged rejected { row reason } notes
  }
}"""
POST = """mutation ($batch: String!, $rows: [GrantRowInput!]!) {
  postGrants(input: { batch: $batch, rows: $rows }) {
    posted unchanged amount rejected { row reason }
  }
}"""
ERASE = (
    "mutation ($learner: String!) { eraseLearner(learner: $learner) { erasedAt liveEnrolments } }"
)
CONSENT = """mutation ($input: RecordConsentInput!) {
  recordConsent(input: $input) { purpose decision by }
}"""
CONSENTS = "query ($learner: String!) { learnerConsents(learner: $learner) { purpose decision } }"


@pytest.fixture
def api():
    return Api(viewer=OPERATOR)


async def test_rows_are_imported_with_errors_of_their_own(api):
    rows = [{**SITI, "nationalId": NATIONAL_ID, "consents": ["contact"]}, {**SITI, "reference": ""}]

    payload = (await api.ask(IMPORT, rows=rows))["importLearners"]

    assert payload == {
        "imported": 1, "updated": 0, "unchanged": 0,
        "rejected": [{"row": 2, "reason": "bad"}], "notes": ["a note"],
    }  # fmt: skip
    assert api.learners.actors == ["rina"]
    assert api.learners.rows[0].texts == {
        "reference": "siti", "scheme": "2024", "announced": "2024-02-28", "birth_date": "",
        "education": "no", "national_id": NATIONAL_ID, "name": "", "email": "", "phone": "",
        "consents": "contact",
    }  # fmt: skip


async def test_grants_are_posted_under_their_batch(api):
    rows = [{"row": 7, "reference": "siti", "amount": 3_500_000}]

    payload = (await api.ask(POST, batch="2024-w1", rows=rows))["postGrants"]

    assert (payload["posted"], payload["amount"]) == (1, 3_500_000)
    assert api.learners.batches == ["2024-w1"]
    assert api.learners.rows[0].number == 7


@pytest.mark.parametrize("batch", ["", "a:b", "x" * 101, "a\nb"])
async def test_a_batch_needs_a_fitting_name(api, batch):
    error = await api.refused(POST, batch=batch, rows=[])

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_lists_are_bounded(api):
    error = await api.refused(IMPORT, rows=[SITI] * 1_001)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert api.learners.rows == []


async def test_a_learner_is_erased(api):
    erased = (await api.ask(ERASE, learner="siti"))["eraseLearner"]
    unknown = (await api.ask(ERASE, learner="nobody"))["eraseLearner"]

    assert erased["erasedAt"]
    assert erased["liveEnrolments"] == 1
    assert unknown == {"erasedAt": None, "liveEnrolments": 0}


async def test_consent_is_recorded_and_listed(api):
    said = {"learner": "siti", "purpose": "contact", "decision": "WITHDRAWN"}

    payload = (await api.ask(CONSENT, input=said))["recordConsent"]
    error = await api.refused(CONSENT, input={**said, "purpose": "Name of a person"})

    assert payload == {"purpose": "contact", "decision": "WITHDRAWN", "by": "rina"}
    assert api.learners.decisions == [("siti", "contact", ConsentDecision.WITHDRAWN)]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    listed = (await api.ask(CONSENTS, learner="siti"))["learnerConsents"]
    assert listed == [{"purpose": "contact", "decision": "GIVEN"}]


@pytest.mark.parametrize(
    ("viewer", "code"), [(ANONYMOUS, "UNAUTHENTICATED"), (a_learner(), "FORBIDDEN")]
)
@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (IMPORT, {"rows": [SITI]}),
        (POST, {"batch": "b", "rows": []}),
        (ERASE, {"learner": "siti"}),
        (CONSENT, {"input": {"learner": "siti", "purpose": "contact", "decision": "GIVEN"}}),
        (CONSENTS, {"learner": "siti"}),
    ],
)
async def test_operators_alone_do_this(api, viewer, code, document, variables):
    error = await api.refused(document, viewer, **variables)

    assert error["extensions"]["code"] == code
    assert api.learners.actors == []


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (IMPORT, {"rows": [{**SITI, "nationalId": int(NATIONAL_ID)}]}),
        (IMPORT, {"rows": [{"reference": "siti", "nationalId": NATIONAL_ID}]}),
        (IMPORT, {"rows": [{**SITI, NATIONAL_ID: "x"}]}),
        (IMPORT, {"rows": NATIONAL_ID}),
        (f"mutation {{ importLearners(input: {{ rows: [{NATIONAL_ID}] }}) {{ imported }} }}", {}),
        (f'{{ learnerConsents(learner: {{ a: "{NATIONAL_ID}" }}) {{ purpose }} }}', {}),
        (f'mutation {{ importLearners(input: {{ rows: [{{ nationalId: "{NATIONAL_ID}', {}),
    ],
)
async def test_no_error_repeats_a_national_id(api, document, variables):
    result = await api.execute(document, **variables)

    assert result.errors
    told = json.dumps([error.formatted for error in result.errors])
    assert NATIONAL_ID not in told
    assert NATIONAL_ID not in "".join(str(error.message) for error in result.errors)


CONSENT_WITH_REASON = """recordConsent(
  input: { learner: "siti", purpose: "contact", decision: GIVEN, reason: $reason }
) { purpose }"""


@pytest.mark.parametrize(
    "document",
    [
        "importLearners(input: { rows: [], reason: $reason }) { imported }",
        'postGrants(input: { batch: "b", rows: [], reason: $reason }) { posted }',
        'eraseLearner(learner: "siti", reason: $reason) { erasedAt }',
        CONSENT_WITH_REASON,
    ],
)
async def test_why_an_operator_acts_is_kept(api, document):
    await api.ask(
        f"mutation ($reason: String) {{ {document} }}", reason="letter 12 of the ministry"
    )
    await api.ask(f"mutation ($reason: String) {{ {document} }}", reason=None)

    assert api.learners.reasons == ["letter 12 of the ministry", None]
