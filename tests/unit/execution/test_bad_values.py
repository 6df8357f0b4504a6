"""Values that cannot be right are the client's mistake, in the document and in variables alike."""

import pytest

from gateway.execution.engine import Question, RefusedError
from tests.unit.schema.api import Api

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def api():
    return Api()


@pytest.mark.parametrize("first", ["-1", "0", "1000000", "2147483648", "99999999999999999999"])
@pytest.mark.parametrize("is_variable", [True, False])
async def test_b8_a_page_has_a_size_that_can_be(engine, api, first, is_variable):
    text = f"{{ courses(first: {first}) {{ totalCount }} }}"
    variables = {}
    if is_variable:
        text = "query ($n: Int) { courses(first: $n) { totalCount } }"
        variables = {"n": int(first)}

    assert await codes(engine, api, text, variables) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    "arguments",
    [
        "first: 1, last: 1",
        'first: 2, before: "x"',
        'after: "x", last: 1',
        'after: "forged"',
        'after: "djE6eyJvZmZzZXQiOjk5fQ=="',
    ],
)
async def test_b9_a_cursor_is_of_its_list(engine, api, arguments):
    text = f"{{ courses({arguments}) {{ totalCount }} }}"

    assert await codes(engine, api, text) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("search", ["x" * 201, "x" * 10_000])
async def test_b16_a_search_is_bounded(engine, api, search):
    text = "query ($s: String) { courses(search: $s) { totalCount } }"

    assert await codes(engine, api, text, {"s": search}) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    "moment",
    ["0000-00-00", "9999-99-99", "2020-04-11T09:00:00", "2020-04-11T25:00:00+07:00", "tomorrow"],
)
@pytest.mark.parametrize("is_variable", [True, False])
async def test_b18_a_moment_is_in_the_calendar_and_has_an_offset(engine, api, moment, is_variable):
    text = f'{{ courses(filter: {{startsAfter: "{moment}"}}) {{ totalCount }} }}'
    variables = {}
    if is_variable:
        text = "query ($t: DateTime) { courses(filter: {startsAfter: $t}) { totalCount } }"
        variables = {"t": moment}

    assert await codes(engine, api, text, variables) == ["BAD_USER_INPUT"]


async def codes(engine, api, text, variables=None):
    """Return the code of each error, wherever it comes from."""
    try:
        prepared = engine.prepare(Question(text, variables=variables or {}))
    except RefusedError as exc:
        return [error.extensions["code"] for error in exc.errors]
    result = await engine.run(prepared, api.context())
    return [error.extensions["code"] for error in result.errors or ()]
