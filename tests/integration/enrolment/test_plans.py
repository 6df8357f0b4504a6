"""How the engines find what enrolling asks for: by index, however large the tables become."""

import asyncio

import pytest
from sqlalchemy import event

from tests.integration.enrolment.builders import Programme

pytestmark = pytest.mark.anyio


async def test_no_question_of_enrolling_reads_a_whole_table(programme: Programme):
    offerings = [programme.shelf.put("barista", seats=9), programme.shelf.put("desain", seats=9)]
    await programme.own_seats(offerings[0], 5)
    asked: dict[str, object] = {}

    def remember(_connection, _cursor, statement, parameters, _context, is_many):
        if not is_many and statement.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
            asked.setdefault(statement, parameters)

    for name in range(6):
        await programme.balance(f"learner-{name}")
    event.listen(programme.database.engine, "before_cursor_execute", remember)
    outcomes = await asyncio.gather(
        *(programme.enrol(offerings[n % 2], learner=f"learner-{n}") for n in range(6))
    )
    event.remove(programme.database.engine, "before_cursor_execute", remember)

    assert [outcome.refusals for outcome in outcomes] == [()] * 6
    assert len(asked) > 6
    plans = await programme.database.write(lambda c: [_plan(c, *each) for each in asked.items()])
    assert [plan for plan in plans if "SCAN main." in plan or "Seq Scan" in plan] == []


def _plan(connection, statement: str, parameters: object) -> str:
    """Return how the engine would answer: on PostgreSQL as in a transaction that enrols."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return "\n".join([statement, *(row[3] for row in rows)])
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
    return "\n".join([statement, *(row[0] for row in rows)])
