"""Our own API: operations at random, in worlds with and without trouble, and those we publish."""

from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, OperationType, parse

from gateway.execution.compiled import Compiler
from schema.build import build_schema
from tests.fuzz.compiled import Comparison, cases
from tests.fuzz.fabricated import a_context

pytestmark = [
    pytest.mark.anyio,
    # graphql-core leaves coroutines alone when an answer fails half-way
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).parents[4]
PUBLISHED = [
    *(ROOT / "gateway/web/explorer/operations").glob("*.graphql"),
    ROOT / "tests/clients/operations.graphql",
]
COUNT = 200


async def test_generated_operations_are_answered_the_same_and_nearly_all_compiled():
    comparison = Comparison()
    given = cases(1, comparison.schema)

    for _ in range(COUNT):
        case = next(given)
        assert await comparison.differs(case) is None, case

    assert comparison.outcomes["compiled"] >= 0.95 * COUNT
    assert not comparison.outcomes["unforeseen"]


async def test_every_operation_that_we_publish_is_compiled():
    outcomes: list[str] = []
    compiler = Compiler(build_schema()._schema, on_outcome=outcomes.append)
    for path in PUBLISHED:
        document = parse(path.read_text(encoding="utf-8"))
        for each in document.definitions:
            if isinstance(each, OperationDefinitionNode):
                if each.operation is OperationType.SUBSCRIPTION:
                    continue
                await compiler.operation(document, each).run(a_context(1, 0.0), ANY)

    assert set(outcomes) == {"compiled"}
    assert len(outcomes) >= 10


ANY = {
    "id": "Q291cnNlOmE",
    "ids": ["Q291cnNlOmE"],
    "search": "kopi",
    "input": {"offeringId": "a", "enrolmentId": "b", "idempotencyKey": "c", "rating": 1},
}
