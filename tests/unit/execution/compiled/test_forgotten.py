"""What was compiled and is forgotten goes at once: nothing waits for a garbage collection."""

import gc
from random import Random
from typing import Any

import pytest

from gateway.execution.compiled.operations import Compiled
from gateway.execution.compiled.sites import Site
from gateway.execution.engine import Engine, Question, RefusedError
from gateway.execution.remembered import Remembered
from tests.fuzz.compiled import SCALARS
from tests.fuzz.operations import Operations


@pytest.fixture
def _no_garbage_collection():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


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
