"""The schema tells itself to those who may ask, once and not round and round."""

import threading

import graphql
import pytest
from graphql import get_introspection_query

import gateway.execution.engine
from gateway.execution.engine import Question
from gateway.execution.limits import DEFAULT_LIMITS

CIRCULAR = f"{{ __schema {{ types {{ {'fields { type { ' * 3} name {'}' * 9}"


def test_b10_who_may_ask_of_the_schema_gets_it_but_not_round_and_round(engine, refused):
    assert engine.prepare(Question(get_introspection_query(), may_introspect=True)).cost
    assert refused(engine, CIRCULAR, may_introspect=True).codes == {"QUERY_TOO_DEEP"}
    assert refused(engine, get_introspection_query()).codes == {"INTROSPECTION_DISABLED"}


def test_b10_the_schema_cannot_be_asked_for_many_times_in_one_document(engine, refused):
    copies = " ".join(f"c{n}: __schema {{ types {{ ...FullType }} }}" for n in range(5))
    text = get_introspection_query().replace("__schema {", f"{copies} __schema {{")

    assert refused(engine, text, may_introspect=True).codes == {"QUERY_TOO_COSTLY"}


def test_asking_for_ones_own_type_is_no_introspection(engine):
    assert engine.prepare(Question("{ __typename partners { __typename } }"))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"descriptions": False},
        {"input_value_deprecation": True, "specified_by_url": True, "schema_description": True},
    ],
)
def test_tools_get_the_whole_schema(engine, options):
    question = Question(get_introspection_query(**options), may_introspect=True)

    assert engine.prepare(question).cost < DEFAULT_LIMITS.cost


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("text", "is_elsewhere"),
    [
        (get_introspection_query(), True),
        ('{ __typename __type(name: "Course") { name } }', True),
        ("{ __typename }", False),
    ],
)
async def test_telling_the_whole_schema_holds_up_nobody(engine, monkeypatch, text, is_elsewhere):
    where = []

    def execute(*arguments, **options):
        where.append(threading.get_ident())
        return graphql.execute(*arguments, **options)

    monkeypatch.setattr(gateway.execution.engine, "execute", execute)
    prepared = engine.prepare(Question(text, may_introspect=True))

    result = await engine.run(prepared, None)

    assert result.errors is None
    assert [thread != threading.get_ident() for thread in where] == [is_elsewhere]
