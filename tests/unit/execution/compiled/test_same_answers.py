"""Our own API: operations at random, in worlds with and without trouble, and those we publish."""

from itertools import islice

import pytest
from graphql import OperationDefinitionNode, OperationType, parse

from gateway.execution.compiled import Compiler
from schema.build import build_schema
from schema.subgraph import SubgraphSchema
from tests.fuzz.compiled import ROUTERS, Comparison, cases
from tests.fuzz.fabricated import a_context
from tests.published import documents

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.usefixtures("collected"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

COUNT = 180
ENTITIES = 20


async def test_generated_operations_are_answered_the_same_and_nearly_all_compiled():
    comparison = Comparison()
    given = cases(1, comparison.schema)

    for _ in range(COUNT):
        case = next(given)
        assert await comparison.differs(case) is None, case

    assert comparison.outcomes["compiled"] >= 0.95 * COUNT
    assert not comparison.outcomes["unforeseen"]


async def test_what_routers_ask_at_random_is_answered_the_same():
    comparison = Comparison(SubgraphSchema())
    given = cases(1, comparison.schema, ROUTERS)

    for case in islice(given, ENTITIES):
        assert await comparison.differs(case) is None, case

    assert comparison.outcomes["compiled"] >= 0.95 * ENTITIES


async def test_every_operation_that_we_publish_is_compiled():
    outcomes: list[str] = []
    compiler = Compiler(build_schema()._schema, on_outcome=outcomes.append)
    asked = 0
    for _, text in documents():
        document = parse(text)
        for each in document.definitions:
            if isinstance(each, OperationDefinitionNode):
                if each.operation is OperationType.SUBSCRIPTION:
                    continue
                asked += 1
                await compiler.operation(document, each).run(a_context(1, 0.0), variables_of(each))

    assert outcomes == ["compiled"] * asked
    assert asked >= 20


def variables_of(operation: OperationDefinitionNode) -> dict[str, object]:
    """Return values for whatever our operations have as variables."""
    is_cancelling = operation.name is not None and operation.name.value == "Cancel"
    named = "enrolmentId" if is_cancelling else "offeringId"
    wish = {named: "a", "idempotencyKey": "c"}
    return {"id": "Q291cnNlOmE", "ids": ["Q291cnNlOmE"], "search": "kopi", "n": 3, "input": wish}
