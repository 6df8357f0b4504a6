"""Asks everything twice, of graphql-core and of what we compile, and compares every answer.

`make fuzz-compiled CASES=20000` asks as many operations.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from inspect import isawaitable
from random import Random
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, OperationDefinitionNode, execute, parse, validate
from strawberry.execution import optimized_is_awaitable

from gateway.execution.compiled import Compiler
from schema.build import MaskingSchema, build_schema
from schema.context import Context
from schema.ids import NodeKind, to_global_id
from schema.subgraph import SubgraphSchema
from tests.fuzz.fabricated import WORDS, a_context
from tests.fuzz.operations import ASKED_FOR, Asked, Operations

ROUTERS = ("_entities", "_service")  # what nobody else asks
TROUBLES = (0.0, 0.0, 0.01, 0.03, 0.1)


def _id(dice: Random) -> str | int:
    kind = dice.choice(list(NodeKind))
    return to_global_id(kind, "learner-1") if dice.random() < 0.9 else dice.choice(("junk", 5))


def _entity(dice: Random) -> dict[str, Any]:
    return {"__typename": dice.choice([*NodeKind, "Query"]), "id": _id(dice)}


SCALARS: dict[str, Any] = {
    "ID": _id,
    "String": lambda dice: dice.choice(WORDS),
    "Int": lambda dice: dice.choice((0, 1, 2, 20, 100, 101)),
    "Float": lambda dice: dice.choice((0.5, 4.0, 4)),
    "Boolean": lambda dice: dice.random() < 0.5,
    "BigInt": lambda dice: dice.choice((0, 350_000, 2**40, 2**53 - 1, -(2**53) + 1, "350000")),
    "DateTime": lambda dice: dice.choice(("2020-04-11T09:00:00+07:00", "2020-04-11T02:00:00Z")),
    "Date": lambda dice: "2020-04-11",
    "_Any": _entity,
}


@dataclass(frozen=True, slots=True)
class Case:
    """One operation, and the world in which it is asked."""

    seed: int
    asked: Asked
    trouble: float

    @property
    def is_sleepy(self) -> bool:
        """Whether answers take time, so that it is chance which of two errors comes first."""
        return self.seed % 4 == 0

    def context(self) -> Context:
        """Return its world, anew."""
        return a_context(self.seed, self.trouble, sleepy=self.is_sleepy)


def cases(first: int, schema: Any, roots: Collection[str] = ()) -> Iterator[Case]:
    """Give valid operations for ever, the same for the same `first`; see `Operations`."""
    seed = first
    while True:
        dice = Random(seed)
        asked = Operations(schema, dice, SCALARS, roots).one()
        if not validate(schema, parse(asked.text)):
            yield Case(seed, asked, dice.choice(TROUBLES))
        seed += 1


class Comparison:
    """Runs cases both ways."""

    def __init__(self, schema: MaskingSchema | None = None) -> None:
        self.schema = (schema or build_schema())._schema
        self.outcomes: Counter[str] = Counter()
        self.races = 0
        self.compiler = Compiler(
            self.schema, on_outcome=lambda each: self.outcomes.update([each]), encodes=True
        )

    async def differs(self, case: Case) -> str | None:
        """Return how the two answers differ, or None."""
        document = parse(case.asked.text)
        expected, is_async = await self._plainly(document, case)
        [operation] = [e for e in document.definitions if is_asked_for(e)]
        compiled = self.compiler.operation(document, operation)
        result = await compiled.run(case.context(), case.asked.variables)
        if result is None:
            return None
        found = difference(expected, result)
        if found and is_async and is_a_race(expected, result):
            self.races += 1
            return None
        return found

    async def _plainly(self, document: Any, case: Case) -> tuple[ExecutionResult, bool]:
        result = execute(
            self.schema,
            document,
            context_value=case.context(),
            variable_values=case.asked.variables,
            operation_name=ASKED_FOR,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
            hide_suggestions=True,
        )
        is_async = isawaitable(result)
        return (await result if is_async else result), is_async  # type: ignore[misc]


def is_asked_for(node: Any) -> bool:
    """Return whether a definition is the operation that is meant."""
    return isinstance(node, OperationDefinitionNode) and node.name.value == ASKED_FOR  # type: ignore[union-attr]  # it has one


def difference(expected: ExecutionResult, found: ExecutionResult) -> str | None:
    """Return how two results differ, or None."""
    expected_data, data = orjson.dumps(expected.data), orjson.dumps(found.data)
    if expected_data != data:
        return f"data {expected_data.decode()}\nbecame {data.decode()}"
    expected_errors, errors = told(expected.errors), told(found.errors)
    if expected_errors != errors:
        lost = [each for each in expected_errors if each not in errors]
        new = [each for each in errors if each not in expected_errors]
        return f"errors lost {lost}\nnew {new}"
    return None


def is_a_race(expected: ExecutionResult, found: ExecutionResult) -> bool:
    """Return whether results differ only in which of several errors made one null.

    What is null because of an error below it may have had many, and those that are awaited
    come in no certain order; GraphQL wants one of them told.
    """
    if orjson.dumps(expected.data) != orjson.dumps(found.data):
        return False
    known, new = told(expected.errors), told(found.errors)
    nulls = [_null_above(each, expected.data) for each in expected.errors or ()]
    found_nulls = [_null_above(each, expected.data) for each in found.errors or ()]
    same = [each for each in known if each in new]
    differing = [
        null
        for errors, places in ((expected.errors, nulls), (found.errors, found_nulls))
        for error, null in zip(errors or (), places, strict=True)
        if told([error])[0] not in same
    ]
    return all(null is not None and null in nulls and null in found_nulls for null in differing)


def _null_above(error: GraphQLError, data: Any) -> str | None:
    """Return the place above an error's own that it, or another, has made null."""
    path = error.path or []
    for depth, key in enumerate(path):
        if data is None:
            return str(path[:depth])
        data = data[key]
    return None


def told(errors: list[GraphQLError] | None) -> list[tuple[str, ...]]:
    """Return all that errors tell, sorted by path."""
    return sorted(
        (
            str(each.path),
            str(each.message),
            str(each.locations),
            str(each.extensions),
            repr(each.original_error),
        )
        for each in errors or ()
    )


async def compare(
    first: int, count: int, schema: MaskingSchema | None = None, *, most_wrong: int = 5
) -> int:
    """Compare `count` cases; print what differs, and how many were compiled; return how many."""
    comparison, wrong, erring = Comparison(schema), 0, 0
    given = cases(first, comparison.schema, ROUTERS if schema else ())
    for number in range(count):
        case = next(given)
        found = await comparison.differs(case)
        erring += case.trouble > 0
        if found is not None:
            wrong += 1
            _say(f"--- seed {case.seed}, trouble {case.trouble}\n{found}")
            if wrong >= most_wrong:
                break
        if number % 1_000 == 999:
            _say(f"{number + 1:,} compared, {wrong} differ")
    _say(
        f"outcomes {dict(comparison.outcomes)}; {erring:,} in a troubled world; in "
        f"{comparison.races:,} another of several racing errors was told"
    )
    return wrong


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--subgraph", action="store_true", help="ask what a router asks")
    asked = parser.parse_args()
    schema = SubgraphSchema() if asked.subgraph else None
    sys.exit(bool(asyncio.run(compare(asked.first, asked.cases, schema))))


if __name__ == "__main__":
    main()
