"""What we tell people to send is within the limits."""

import re
from itertools import count
from pathlib import Path

import pytest

from gateway.execution.cost import cost_of
from gateway.execution.limits import DEFAULT_LIMITS

ROOT = Path(__file__).parents[3]


def ours():
    """Every document that we tell people to send."""
    numbers = count()
    for page in sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")]):
        for text in re.findall(r"```graphql\n(.*?)```", page.read_text(), re.DOTALL):
            yield pytest.param(text, id=f"{page.stem}-{next(numbers)}")
    for path in sorted((ROOT / "gateway/web/explorer/operations").glob("*.graphql")):
        yield pytest.param(path.read_text(), id=path.stem)


@pytest.mark.parametrize("text", list(ours()))
def test_what_we_tell_people_to_send_is_within_the_limits(engine, text):
    document = engine._documents.find(text)

    assert document.operations
    for operation in document.operations:
        assert cost_of(operation.cost, {"n": 20}) < DEFAULT_LIMITS.cost
