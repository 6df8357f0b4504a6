"""Our OpenAPI is what is served, and what is served is as it says."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

from gateway.openapi.document import to_document, to_text
from gateway.partner_api.endpoint import BASE
from tests.fuzz.partners import fuzz

ROOT = Path(__file__).parents[2]
CASES = 130


def test_the_copy_in_the_documentation_is_current():
    copy = (ROOT / "docs" / "partners" / "openapi.json").read_text(encoding="utf-8")

    assert copy == to_text(), "run `make docs` and commit what it writes"


def test_every_call_is_described():
    paths = to_document()["paths"]

    assert sum(path.startswith(BASE) for path in paths) == 9
    assert paths.keys() >= {"/partners/v1/catalogue", "/partners/v1/webhooks/{partner}"}


def test_the_rows_that_are_shown_in_the_documentation_fit_their_schema():
    document = to_document()
    text = (ROOT / "docs" / "partners" / "push.md").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines() if line.startswith('{"key"')]
    schema = {"$ref": "#/components/schemas/OfferingRow", "components": document["components"]}

    assert rows
    for row in rows:
        jsonschema_rs.validate(schema, row)


@pytest.mark.timeout(200)
def test_random_calls_get_only_what_is_described():
    found = fuzz(CASES)

    assert found.faults == []
    assert found.calls >= CASES
