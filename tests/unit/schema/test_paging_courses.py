"""Paging the catalogue, forwards and backwards."""

import pytest

from tests.unit.schema.api import Api
from tests.unit.schema.fakes import (
    a_course,
)

pytestmark = pytest.mark.anyio
PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String) {
  courses(first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { title } edges { cursor node { title } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


def titles(connection):
    return [node["title"] for node in connection["nodes"]]


async def test_paging_forward_meets_every_course_once(api):
    seen, cursor = [], None
    while True:
        page = (await api.ask(PAGE, first=2, after=cursor))["courses"]
        seen += titles(page)
        if not page["pageInfo"]["hasNextPage"]:
            break
        cursor = page["pageInfo"]["endCursor"]

    assert seen == [f"Barista {n:02}" for n in range(1, 6)]


async def test_paging_backward_meets_every_course_once(api):
    seen, cursor = [], None
    while True:
        page = (await api.ask(PAGE, last=2, before=cursor))["courses"]
        seen = titles(page) + seen
        if not page["pageInfo"]["hasPreviousPage"]:
            break
        cursor = page["pageInfo"]["startCursor"]

    assert seen == [f"Barista {n:02}" for n in range(1, 6)]


async def test_edges_and_nodes_tell_the_same(api):
    page = (await api.ask(PAGE, first=3))["courses"]

    assert [edge["node"] for edge in page["edges"]] == page["nodes"]
    assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
    assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
    assert page["totalCount"] == 5


async def test_twenty_unless_said_otherwise():
    api = Api([a_course(n) for n in range(1, 31)])

    assert len((await api.ask("{ courses { nodes { id } } }"))["courses"]["nodes"]) == 20
    assert (
        len((await api.ask("{ courses(first: null) { nodes { id } } }"))["courses"]["nodes"]) == 20
    )
    assert len((await api.ask("{ courses(last: 7) { nodes { id } } }"))["courses"]["nodes"]) == 7


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param("first: 0", "`first` is from 1 to 100, not 0", id="none"),
        pytest.param("first: -1", "`first` is from 1 to 100, not -1", id="negative"),
        pytest.param("first: 1000000", "`first` is from 1 to 100", id="a-million"),
        pytest.param("last: 101", "`last` is from 1 to 100", id="last-too-many"),
        pytest.param("last: -1", "`last` is from 1 to 100", id="last-negative"),
        pytest.param("first: 2, last: 2", "exclude each other", id="both-ends"),
        pytest.param('first: 2, after: "x", before: "y"', "goes with", id="both-cursors"),
        pytest.param('last: 2, after: "x"', "`after` goes with `first`", id="last-after"),
        pytest.param('before: "x"', "`before` goes with `last`", id="first-before"),
        pytest.param('after: "forged"', "not of this list; start again", id="forged-cursor"),
        pytest.param('after: ""', "not of this list", id="empty-cursor"),
        pytest.param(f'search: "{"x" * 201}"', "at most 200 characters", id="long-search"),
        pytest.param(
            f"filter: {{regions: {['31'] * 101}}}".replace("'", '"'),
            "at most 100",
            id="long-filter",
        ),
    ],
)
async def test_bad_input_is_told_with_what_would_be_right(api, arguments, says):
    error = await api.refused(f"{{ courses({arguments}) {{ totalCount }} }}")

    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert says in error["message"]
    assert api.reported == []


@pytest.mark.parametrize(
    "field",
    ['institutions(after: "x")', 'institutions(last: 2, before: "x")', "institutions(first: 101)"],
)
async def test_bad_pages_of_institutions_are_told(api, field):
    error = await api.refused(f"{{ {field} {{ totalCount }} }}")

    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_bad_pages_of_an_institutions_courses_are_told(api):
    error = await api.refused('{ institutions { nodes { courses(after: "x") { totalCount } } } }')

    assert "not of this list" in error["message"]
