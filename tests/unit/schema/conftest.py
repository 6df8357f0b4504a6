"""Fixtures for asking the schema."""

import pytest

from tests.unit.schema.api import Api


@pytest.fixture
def api() -> Api:
    """The schema over five courses of one institution, sold by Tokopedia."""
    return Api()
