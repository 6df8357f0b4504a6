"""Variables are coerced as graphql-core does it, whatever is sent, and mostly without it."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, Undefined, parse
from graphql.execution import get_variable_values
from graphql.execution.values import VariableValues

from gateway.execution.compiled import inputs
from gateway.execution.compiled.inputs import Variables
from schema.build import build_schema

SCHEMA = build_schema()._schema
SEARCH = "query ($search: String, $filter: CourseFilter, $first: Int = 20, $sort: CourseSort!) {x}"
ENROL = 'mutation ($input: EnrolInput!, $ids: [ID!]! = ["a"]) { x }'
FILTERS: list[Any] = [
    None,
    {},
    {"priceMax": 5},
    {"priceMax": 5.0, "levels": ["ALL"], "startsAfter": "2020-04-11T09:00:00+07:00"},
    {"priceMax": "5"},
    {"levels": "ALL"},
    {"levels": ["NONE"]},
    {"levels": [None]},
    {"levels": None},
    {"partners": ("a", "b")},
    {"startsAfter": "soon"},
    {"nobody": 1},
    {"priceMin": Undefined},
    [],
    "x",
]


def both(text: str, sent: dict[str, Any]) -> list[Any]:
    """Return what our coercing and graphql-core's come to, errors as they are told."""
    [operation] = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    definitions = operation.variable_definitions
    ours = Variables(SCHEMA, definitions, hides_suggestions=False).coerced(sent, most_errors=5)
    return [*map(told, (ours, get_variable_values(SCHEMA, definitions, sent, max_errors=5)))]


def told(found: Any) -> Any:
    if not isinstance(found, VariableValues):
        return [(error.message, error.locations) for error in found]
    sources = {name: (str(each.signature.type), each.value) for name, each in found.sources.items()}
    return found.coerced, sources


@pytest.mark.parametrize("asked", FILTERS, ids=repr)
def test_an_input_object_is_coerced_as_graphql_core_does_it(asked: Any):
    ours, theirs = both(SEARCH, {"filter": asked, "sort": "TITLE"})

    assert ours == theirs


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"sort": None},
        {"sort": "TITLE", "first": None, "search": None},
        {"sort": "TITLE", "first": 2**40},
        {"sort": "TITLE", "first": True, "search": 1},
        {"sort": "TITLE", "more": 1},
        {"input": {"offeringId": "a", "idempotencyKey": "b"}},
        {"input": {"offeringId": "a"}},
        {"input": {"offeringId": 1, "idempotencyKey": "b"}, "ids": "b"},
        {"input": {"offeringId": 1, "idempotencyKey": "b"}, "ids": ["a", None]},
        {"input": None},
    ],
    ids=repr,
)
def test_what_is_missing_null_or_of_another_type_is_told_as_graphql_core_does(sent: dict[str, Any]):
    for text in (SEARCH, ENROL):
        ours, theirs = both(text, sent)

        assert ours == theirs


def test_ordinary_variables_are_not_left_to_graphql_core(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(inputs, "get_variable_values", None)

    ours = Variables(SCHEMA, variables_of(SEARCH), hides_suggestions=True).coerced(
        {"search": "kopi", "filter": {"priceMax": 5, "levels": ["ALL"]}, "sort": "TITLE"},
        most_errors=1,
    )

    assert isinstance(ours, VariableValues)
    assert ours.coerced["first"] == 20


def variables_of(text: str) -> Any:
    [operation] = parse(text).definitions
    return operation.variable_definitions  # type: ignore[attr-defined]  # it is an operation
