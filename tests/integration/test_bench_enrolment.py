"""`mitra bench enrolment` in small, and what it fills a ledger with."""

from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select, text
from typer.testing import CliRunner

from gateway.bench.population import BALANCE, PRICE, fill, read_sample
from gateway.cli import app
from gateway.storage.engine import Database, database_url
from gateway.storage.ledger_tables import enrolment, entry, learner
from gateway.storage.migrate import upgrade

pytestmark = pytest.mark.anyio
UNLIKE = text("""
  SELECT count(*) FROM ledger.learner AS l WHERE (l.spendable, l.held, l.paid) <> (
    SELECT coalesce(sum(amount) FILTER (WHERE account = 'SPENDABLE'), 0),
      coalesce(sum(amount) FILTER (WHERE account = 'HELD'), 0),
      coalesce(sum(amount) FILTER (WHERE account = 'PARTNER'), 0)
    FROM ledger.entry WHERE learner_id = l.id)
""")
INDEXES = text("SELECT string_agg(indexname, ', ' ORDER BY indexname) FROM pg_indexes")


def test_a_small_benchmark_prints_and_stores_its_figures(tmp_path: Path):
    out = tmp_path / "figures.json"
    options = ["--callers", "4", "--rounds", "1", "--seconds", "0.1", "--engines", "sqlite"]
    full = ["--learners", "900", "--enrolments", "1000", "--out", str(out)]

    result = CliRunner().invoke(app, ["bench", "enrolment", *options, *full])

    assert result.exit_code == 0, result.output
    found = orjson.loads(out.read_bytes())
    [engine] = found["engines"]
    [callers] = engine["callers"]
    assert callers["per_second"] > 0
    assert callers["ratio"]["1"] == callers["per_second"] / callers["bare_per_second"]["1"]
    assert engine["settled_per_second"] > 0
    assert found["crowded"]["ratios"]["enrol"] > 0
    assert (found["crowded"]["learners"], found["crowded"]["enrolments"]) == (900, 1000)


def test_an_engine_that_is_none_is_refused_with_what_to_type():
    result = CliRunner().invoke(app, ["bench", "enrolment", "--engines", "oracle"])

    assert result.exit_code == 2
    assert "sqlite" in result.output


async def test_a_ledger_is_filled_as_the_product_would_have(postgres_url: str, tmp_path: Path):
    ledger = Database(database_url(postgres_url, tmp_path, "ledger"), "ledger")
    upgrade(ledger)

    async def ask(question):
        return await ledger.read(lambda c: c.execute(question).scalar_one())

    indexes = await ask(INDEXES)
    fill(postgres_url, learners=30, enrolments=70, say=lambda _: None)

    assert await ask(select(func.count()).select_from(learner)) == 30
    assert await ask(select(func.count()).select_from(enrolment)) == 70
    assert await ask(select(func.sum(entry.c.amount))) == 0
    assert await ask(UNLIKE) == 0
    assert await ask(select(func.sum(learner.c.spendable))) == 30 * BALANCE - 70 * PRICE
    assert len(set(read_sample(postgres_url, 20))) == 20
    assert await ask(INDEXES) == indexes
    ledger.close()
