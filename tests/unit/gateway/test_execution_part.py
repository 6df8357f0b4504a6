"""What clients have registered is known from the start, and a profile decides what else is run."""

from hashlib import sha256

import pytest
import structlog.testing

from gateway.execution.buckets import LocalBuckets
from gateway.execution.budgets import Payer
from gateway.execution.engine import Question, RefusedError
from gateway.parts.execution import ExecutionPart
from gateway.settings import Profile, Settings
from gateway.telemetry import REGISTRY
from schema.build import build_schema

pytestmark = pytest.mark.anyio
TEXT = "query Partners { partners { code } }"
NAMED = {"persistedQuery": {"version": 1, "sha256Hash": sha256(TEXT.encode()).hexdigest()}}


@pytest.fixture(scope="module")
def schema():
    return build_schema()


@pytest.fixture
def build(schema):
    return lambda profile=Profile.PRODUCTION, **given: ExecutionPart(
        Settings(profile=profile, **given), schema
    )


def refused(part, *arguments, **options):
    with pytest.raises(RefusedError) as caught:
        part.engine.prepare(Question(*arguments, **options))
    return caught.value


def test_manifests_are_loaded_and_what_is_wrong_with_them_is_logged(build, tmp_path):
    (tmp_path / "app.json").write_text(
        '{"1": "query Partners { partners { code } }", "2": "{ fieldOfLastYear }", "3": ""}'
    )
    (tmp_path / "site.json").write_text('{"1": "{ __typename }", "4": "{ __typename }"}')

    with structlog.testing.capture_logs() as logs:
        part = build(persisted=tmp_path, trusted_documents_only=True)

    assert [each["event"] for each in logs] == [
        "persisted.bad_row",
        "persisted.clash",
        "persisted.unusable",
    ]
    assert part.engine.prepare(Question(document_id="4"))
    assert refused(part, TEXT).codes == {"PERSISTED_QUERY_REQUIRED"}


def test_in_development_clients_may_register_and_get_hints(build):
    part = build(Profile.DEVELOPMENT)

    part.engine.prepare(Question(TEXT, extensions=NAMED))

    assert part.engine.prepare(Question(extensions=NAMED))
    assert "Did you mean" in refused(part, "{ partners { cod } }").errors[0].message


def test_in_production_they_may_not_and_get_none(build):
    part = build()

    part.engine.prepare(Question(TEXT, extensions=NAMED))

    assert refused(part, extensions=NAMED).codes == {"PERSISTED_QUERY_NOT_FOUND"}
    assert "Did you mean" not in refused(part, "{ partners { cod } }").errors[0].message


async def test_budgets_are_on_in_production_and_off_in_development(build):
    question, payer = Question(TEXT), Payer("app")

    assert (await build().gate.admit(question, payer)).allowance
    assert (await build(Profile.DEVELOPMENT).gate.admit(question, payer)).allowance is None


async def test_budgets_are_shared_where_there_is_a_redis(build):
    alone, together = build(), build(redis_url="redis://127.0.0.1:1")

    assert isinstance(alone.budgets._buckets, LocalBuckets)
    assert not isinstance(together.budgets._buckets, LocalBuckets)
    await alone.aclose()
    await together.aclose()


async def test_documents_that_were_known_are_counted(build):
    def counted(outcome):
        name = "mitra_graphql_documents_total"
        return REGISTRY.get_sample_value(name, {"outcome": outcome}) or 0

    part, hits, misses = build(), counted("hit"), counted("miss")
    for _ in range(3):
        part.engine.prepare(Question(TEXT))

    assert (counted("hit") - hits, counted("miss") - misses) == (2, 1)
