"""What stands around tests that run operations by graphql-core, too."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def collected() -> Iterator[None]:
    """Look for garbage once the module has run, while what is found is its own.

    graphql-core leaves coroutines alone when an answer fails half-way, and Python complains of
    each wherever it is found.
    """
    yield
    gc.collect()
