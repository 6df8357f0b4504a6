"""The engine refuses before it runs, and says how far a request came."""

import pytest
from graphql import OperationType

from gateway.execution.engine import Engine, Question, RefusedError, Stage
from schema.build import build_schema


@pytest.fixture(scope="module")
def engine():
    return Engine(build_schema())


@pytest.mark.parametrize(
    ("question", "stage"),
    [
        (Question(), Stage.REQUEST),
        (Question("query A { __typename } query B { __typename }"), Stage.REQUEST),
        (Question("{ __typename }", operation_name="B"), Stage.REQUEST),
        (Question("{"), Stage.PARSE),
        (Question("{ nonsense }"), Stage.VALIDATION),
        (Question("query ($id: ID!) { course(id: $id) { title } }"), Stage.COERCION),
    ],
)
def test_a_request_is_refused_at_its_stage(engine, question, stage):
    with pytest.raises(RefusedError) as refused:
        engine.prepare(question)
    assert refused.value.stage is stage
    assert refused.value.errors


def test_the_operation_that_was_named_is_prepared(engine):
    text = "query A { __typename } mutation B { __typename }"
    prepared = engine.prepare(Question(text, operation_name="B"))
    assert (prepared.kind, prepared.name) == (OperationType.MUTATION, "B")
