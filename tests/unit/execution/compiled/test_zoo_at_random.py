"""Operations at random over a schema with all that a field may be: same answers, same deeds."""

from collections.abc import Iterator
from inspect import isawaitable
from itertools import islice
from random import Random
from typing import Any

import pytest
from graphql import DocumentNode, ExecutionResult, execute, parse, validate

from gateway.execution.compiled import Compiler
from tests.fuzz.compiled import SCALARS, difference, is_a_race, is_asked_for
from tests.fuzz.operations import ASKED_FOR, Operations
from tests.unit.execution.compiled.zoo import ZOO, Keeper

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.usefixtures("collected"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

COUNT = 150
OWN = {
    "String": lambda dice: dice.choice(("A", "Tom", "Nemo", "fish", "")),
    "Int": lambda dice: dice.choice((0, 1, 2, 3, -1)),
}


def asked() -> Iterator[tuple[DocumentNode, dict[str, Any]]]:
    """Give operations; none asks where it stands, which those that are compiled do not know."""
    for seed in range(10 * COUNT):
        each = Operations(ZOO, Random(seed), {**SCALARS, **OWN}).one()
        document = parse(each.text)
        if "where" not in each.text and not validate(ZOO, document):
            yield document, each.variables


async def plainly(document: DocumentNode, keeper: Keeper, variables: Any) -> ExecutionResult:
    result = execute(ZOO, document, None, keeper, variables, ASKED_FOR, hide_suggestions=True)
    return await result if isawaitable(result) else result  # type: ignore[return-value]


async def test_the_same_is_answered_and_done():
    outcomes: list[str] = []
    compiler = Compiler(ZOO, on_outcome=outcomes.append)

    for document, variables in islice(asked(), COUNT):
        ours, theirs = Keeper(), Keeper()
        [operation] = filter(is_asked_for, document.definitions)
        expected = await plainly(document, theirs, variables)
        found = await compiler.operation(document, operation).run(ours, variables)  # type: ignore[arg-type]  # it is one

        if found is not None and not is_a_race(expected, found):
            assert difference(expected, found) is None, document.loc
        assert found is None or ours.done == theirs.done, document.loc

    assert outcomes.count("compiled") >= 0.95 * COUNT
