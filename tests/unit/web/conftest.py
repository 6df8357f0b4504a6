"""The endpoint that most tests of the edge ask."""

import pytest

from tests.unit.web.edge import Edge


@pytest.fixture
def edge() -> Edge:
    """An endpoint over the usual catalogue, which has answered nothing yet."""
    return Edge()
