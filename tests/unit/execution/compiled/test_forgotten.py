"""What was compiled and is forgotten goes at once: nothing waits for a garbage collection."""

import asyncio
import gc
from random import Random
from typing import Any

import pytest
import strawberry
from graphql import parse

from gateway.execution.compiled import Compiler
from gateway.execution.compiled.operations import Compiled
from gateway.execution.compiled.sites import Site
from gateway.execution.engine import Engine, Question, RefusedError
from gateway.execution.remembered import Remembered
from tests.fuzz.compiled import SCALARS
from tests.fuzz.operations import Operations

PLANS: list[Remembered[Any]] = []  # of the engine


def _compile(engine: Engine, question: Question) -> None:
    try:
        prepared = engine.prepare(question)
    except RefusedError:
        return
    compiled = prepared.compiled
    assert isinstance(compiled, Compiled)
    compiled._patience = 0
    compiled._plan(prepared.values)
    PLANS[:] = [compiled._plans]


def sites():
    return sum(type(each) is Site for each in gc.get_objects())


@pytest.mark.usefixtures("_no_garbage_collection")
def test_a_forgotten_plan_is_gone_without_a_garbage_collection(schema):
    before = sites()
    engine = Engine(schema, encodes=True)
    for number in range(12):
        asked = Operations(schema._schema, Random(number), SCALARS).one()
        _compile(engine, Question(asked.text, variables=asked.variables))
    made = sites() - before

    for memory in (engine._documents._kept, engine._documents._refused, PLANS[0]):
        while len(memory):
            memory.forget_oldest()

    assert made > 100
    assert sites() == before


class Gate:
    """Where resolvers wait until they may go on."""

    def __init__(self) -> None:
        self.is_reached, self.is_open = asyncio.Event(), asyncio.Event()

    async def passed(self) -> None:
        self.is_reached.set()
        await self.is_open.wait()


@strawberry.type
class Slow:
    @strawberry.field
    async def name(self, info: strawberry.Info) -> str:
        await info.context.passed()
        return "Barista"

    @strawberry.field
    def below(self) -> "Slow":
        return Slow()


@strawberry.type
class Query:
    @strawberry.field
    async def slow(self, info: strawberry.Info) -> Slow:
        await info.context.passed()
        return Slow()


@pytest.mark.anyio
async def test_what_is_forgotten_while_it_is_run_is_run_to_its_end():
    document = parse("{ slow { name below { name } } again: slow { name } }")
    compiler = Compiler(strawberry.Schema(Query)._schema)
    compiled, gate = compiler.operation(document, document.definitions[0]), Gate()
    running = asyncio.create_task(compiled.run(gate, {}))
    await gate.is_reached.wait()

    compiled._plans.forget_oldest()
    is_forgotten = not len(compiled._plans)
    gate.is_open.set()
    answer = await running

    slow = {"name": "Barista", "below": {"name": "Barista"}}
    assert is_forgotten
    assert (answer.data, answer.errors) == ({"slow": slow, "again": {"name": "Barista"}}, None)
