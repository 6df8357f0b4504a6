"""The endpoint that most tests of the edge ask."""

import pytest

from tests.unit.web.edge import Edge
from tests.unit.web.wire import Served


@pytest.fixture
def edge() -> Edge:
    """An endpoint over the usual catalogue, which has answered nothing yet."""
    return Edge()


@pytest.fixture
def served(edge: Edge) -> Served:
    """The whole server around such an endpoint, of which any number of clients may ask."""
    return Served(edge)
