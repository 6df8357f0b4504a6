"""One server for all tests of the door."""

from collections.abc import Iterator

import pytest

from tests.integration.door.serving import Door, served_door


@pytest.fixture(scope="package")
def door() -> Iterator[Door]:
    with served_door() as served:
        yield served
