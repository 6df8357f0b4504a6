"""Whatever a schema does, right and wrong, a compiled operation does as graphql-core does it."""

from collections import Counter
from inspect import isawaitable
from typing import Any

import pytest
from graphql import ExecutionResult, OperationDefinitionNode, execute, parse

from gateway.execution.compiled import Compiler
from tests.fuzz.compiled import difference
from tests.unit.execution.compiled.zoo import ZOO, Keeper

pytestmark = pytest.mark.anyio


class Run:
    """One document, run compiled."""

    def __init__(self, text: str, **options: Any) -> None:
        self.document = parse(text)
        [operation] = [
            each for each in self.document.definitions if isinstance(each, OperationDefinitionNode)
        ]
        self.outcomes: Counter[str] = Counter()
        compiler = Compiler(ZOO, on_outcome=lambda each: self.outcomes.update([each]), **options)
        self.compiled = compiler.operation(self.document, operation)
        self.keeper = Keeper()

    async def __call__(self, **variables: Any) -> ExecutionResult:
        result = await self.compiled.run(self.keeper, variables)
        assert result is not None, self.outcomes
        return result

    async def plainly(self, **variables: Any) -> ExecutionResult:
        result = execute(ZOO, self.document, None, Keeper(), variables, hide_suggestions=True)
        return await result if isawaitable(result) else result  # type: ignore[return-value]


SAME = {
    "attributes": "{ cats { name lives diet } }",
    "names": "{ a: cats { b: name b: name __typename } cats { c: __typename } }",
    "merged": "{ cats { name } ...F } fragment F on Query { cats { lives ... { diet } } }",
    "arguments": '{ cats(names: ["A", "B"]) { told(words: ["x"]) kittens(count: 1) { name } } }',
    "inputs": '{ wished(wish: {name: "fish"}, diet: GRASS) }',
    "interface": "{ animals { __typename name ... on Cat { lives } ... on Dog { bark } } }",
    "nested interface": "{ animals { friends { name ... on Dog { bark friends { name } } } } }",
    "union": "{ pets { ... on Cat { diet } ... on Animal { name } } }",
    "null and odd items": "{ some { name } }",
    "null where none may be": "{ strict { name } cats { name } }",
    "no member of the interface": "{ stray { name } cats { name } }",
    "permission": "{ locked cats { name } }",
    "stream": "{ walking }",
    "late items": "{ late }",
    "matrix": "{ matrix }",
    "texts": "{ texts }",
    "no list": "{ noList }",
    "no enum": "{ odd }",
    "late null": "{ cats { name hint } }",
    "late null where none may be": '{ cats(names: ["A"]) { name secret } }',
    "late and deeper": "{ cats { kittens { name kittens { weight hint } } } }",
    "loader that fails": '{ cats(names: ["Nemo"]) { weight } animals { name } }',
    "skipped": "{ cats { name @skip(if: true) lives @include(if: false) } }",
    "nothing left": "{ cats @skip(if: true) { name } }",
    "mutations": 'mutation { a: feed(name: "A") { name weight } b: feed(name: "B") { name } }',
    "mutations that end": 'mutation { a: feed(name: "A") { name } lose b: lose }',
    "mutations at once": 'mutation { call(name: "A") feed(name: "B") { name } c: call(name: "C") }',
    "mutations that end at once": 'mutation { miss a: call(name: "A") }',
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
async def test_the_answer_is_the_same(text: str):
    run = Run(text)

    found, expected = await run(), await run.plainly()

    assert difference(expected, found) is None
    assert run.outcomes == {"compiled": 1}


VARYING = """
query ($names: [String!], $wish: Wish!, $with: Boolean!, $without: Boolean = false, $count: Int) {
  cats(names: $names) { name @include(if: $with) ... @skip(if: $without) { lives } }
  wished(wish: $wish)
  animals @include(if: $with) { ... on Cat { kittens(count: $count) { name } } }
}
"""


@pytest.mark.parametrize(
    "variables",
    [
        {"wish": {"name": "fish"}, "with": True},
        {"wish": {"name": "fish", "count": 3}, "with": False, "without": True, "names": None},
        {"wish": {"name": "milk"}, "with": True, "names": ["Tom"], "count": 1},
        {"wish": {"name": "milk"}, "with": True, "count": None},
        {"wish": {"count": "x"}, "with": True},
        {},
    ],
)
async def test_the_answer_is_the_same_whatever_the_variables(variables):
    run = Run(VARYING)

    assert difference(await run.plainly(**variables), await run(**variables)) is None


async def test_what_is_asked_for_together_is_loaded_together():
    run = Run("{ cats { weight } more: cats { a: weight b: weight } }")

    await run()

    assert run.keeper.loads == [["Felix", "Kitty", "Tom"]]


async def test_mutations_run_one_after_the_other_and_end_with_the_first_that_fails():
    run = Run('mutation { a: feed(name: "A") { weight } b: feed(name: "B") { name } lose c: lose }')

    result = await run()

    assert result.data is None
    assert run.keeper.done == ["begin A", "end A", "begin B", "end B", "lost"]


@pytest.mark.parametrize("fails", ["lose", "miss"])
@pytest.mark.parametrize("next_one", ['call(name: "B")', 'feed(name: "B") { name }', "lose"])
async def test_nothing_is_done_after_the_first_mutation_that_fails(fails: str, next_one: str):
    run = Run(f'mutation {{ a: call(name: "A") b: {fails} c: {next_one} }}')

    expected, result = await run.plainly(), await run()

    assert difference(expected, result) is None
    assert run.keeper.done == ["called A", "lost" if fails == "lose" else "missed"]


async def test_a_resolver_may_change_its_arguments_and_no_other_sees_it():
    run = Run('{ cats { told(words: ["x"]) } }')

    result = await run()

    assert result.data == {"cats": [{"told": ["x", name]} for name in ("Tom", "Kitty", "Felix")]}


async def test_a_resolver_that_wants_to_know_its_place_is_told_that_nobody_knows():
    result = await Run("{ cats { where } }")()

    assert result.errors is not None
    assert isinstance(result.errors[0].original_error, LookupError)


UNCOMPILED = {
    "introspection": "{ __schema { queryType { name } } }",
    "subscription": "subscription { steps }",
    "directive": "query @experimental_disableErrorPropagation { cats { name } }",
    "size": "{ " + " ".join(f"a{n}: walking" for n in range(401)) + " }",
}


@pytest.mark.parametrize(("reason", "text"), UNCOMPILED.items(), ids=UNCOMPILED)
async def test_what_cannot_be_compiled_is_left_alone_and_counted(reason: str, text: str):
    run = Run(text)

    assert await run.compiled.run(run.keeper, {}) is None
    assert run.outcomes == {reason: 1}


async def test_so_many_ways_in_which_conditions_can_fall_are_compiled_and_no_more():
    names = [f"v{n}" for n in range(5)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    selected = " ".join(f"{name}: __typename @skip(if: ${name})" for name in names)
    run = Run(f"query ({declared}) {{ {selected} }}")

    for number in range(10):
        values = {name: bool(number >> place & 1) for place, name in enumerate(names)}
        await run.compiled.run(run.keeper, values)

    assert run.outcomes == {"compiled": 8, "variants": 2}


async def test_what_is_asked_once_is_not_compiled():
    run = Run("{ cats { name } }", patience=1)

    assert await run.compiled.run(run.keeper, {}) is None
    assert await run.compiled.run(run.keeper, {}) is not None
    assert run.outcomes == {"first": 1, "compiled": 1}
