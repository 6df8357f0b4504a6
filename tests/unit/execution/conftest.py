"""One schema, one engine over it as the public meets it, and what it refuses."""

import gc
from collections.abc import Callable

import pytest

from gateway.execution.engine import Engine, Question, RefusedError
from schema.build import MaskingSchema, build_schema

Refused = Callable[..., RefusedError]


@pytest.fixture(scope="session")
def schema() -> MaskingSchema:
    return build_schema()


@pytest.fixture(scope="session")
def engine(schema: MaskingSchema) -> Engine:
    return Engine(schema)


@pytest.fixture(scope="session")
def refused() -> Refused:
    """Why an engine refuses a question, or a text with these options."""

    def refused(engine: Engine, question: Question | str | None = None, **options) -> RefusedError:
        asked = question if isinstance(question, Question) else Question(question, **options)
        with pytest.raises(RefusedError) as caught:
            engine.prepare(asked)
        return caught.value

    return refused


@pytest.fixture
def _no_garbage_collection():
    gc.collect()
    gc.disable()
    yield
    gc.enable()
