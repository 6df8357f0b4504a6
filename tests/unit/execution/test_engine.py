"""The engine refuses before it runs, and says how far a request came."""

from dataclasses import replace

import pytest
from graphql import OperationType

from gateway.execution.engine import Engine, Question, RefusedError, Stage
from schema.build import build_schema
from tests.fuzz.fabricated import a_context


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


@pytest.mark.anyio
@pytest.mark.parametrize("compiles", [True, False])
async def test_what_is_asked_again_is_compiled_unless_that_is_switched_off(compiles):
    outcomes = []
    engine = Engine(build_schema(), compiles=compiles, on_outcome=outcomes.append)
    question = Question("query ($id: ID!) { __typename course(id: $id) { title } }")

    answers = [
        await engine.run(
            engine.prepare(replace(question, variables={"id": "junk"})), a_context(1, 0)
        )
        for _ in range(3)
    ]

    assert [each.data for each in answers] == [{"__typename": "Query", "course": None}] * 3
    assert outcomes == (["first", "compiled", "compiled"] if compiles else [])


@pytest.mark.anyio
async def test_what_breaks_in_a_compiled_operation_is_masked_as_well():
    engine = Engine(build_schema(new_error_id=lambda: "e1"))
    prepared = engine.prepare(Question("{ partners { name } }"))
    context = replace(a_context(1, 0), partners=None)

    answers = [await engine.run(prepared, context) for _ in range(2)]

    [first, again] = [[error.formatted for error in each.errors] for each in answers]
    assert first == again
    assert "e1" in first[0]["message"]
