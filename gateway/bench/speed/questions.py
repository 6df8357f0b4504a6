"""The benchmark's questions, as clients ask them.

Hot and warm ones are one registered page with other variables; cold ones and searches carry a
price that was never asked before, so that nothing can be shared between two of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson

from gateway.bench.processes import Served
from gateway.bench.search import questions as searches
from gateway.bench.speed.requests import NUMBER, to_request

WARM = 2_000  # questions
SEARCHED = 50  # texts
PAGE_SIZE = 20
PAGE = """query Page($filter: CourseFilter, $sort: CourseSort) {
  courses(filter: $filter, sort: $sort, first: 20) {
    totalCount
    nodes {
      id title summary level languages durationMinutes rating ratingCount deliveryModes
      category { code name }
      institution { id name }
      lowestPrice { amount currency }
      offerings { id partner { code } price { amount currency } deliveryMode }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
NESTED = """query Nested($filter: CourseFilter) {
  courses(filter: $filter, first: 100) { nodes { id title rating institution { id name } } }
}"""
SEARCH = """query Search($search: String, $filter: CourseFilter) {
  courses(search: $search, filter: $filter, first: 20) {
    totalCount
    nodes {
      id title summary level rating institution { name } lowestPrice { amount currency }
      offerings { partner { code } price { amount currency } }
    }
    facets { name buckets { value label count } }
  }
}"""
ENROL = """mutation Enrol($offering: ID!, $key: String!) {
  enrol(input: {offeringId: $offering, idempotencyKey: $key}) {
    enrolment { id }
    userErrors { code message }
  }
}"""
_BOOKABLE = """query Bookable($after: String) { courses(first: 100, after: $after) {
  nodes { offerings { id enrolmentMode sessions { id } } } pageInfo { endCursor hasNextPage } } }"""
_SORTS = ("PRICE_ASC", "PRICE_DESC", "NEWEST", "RATING", "TITLE")

Body = Mapping[str, Any]


def hot() -> Body:
    """Return the question that all ask."""
    return {"query": PAGE, "variables": {"sort": "NEWEST"}}


def warm() -> Sequence[Body]:
    """Return questions that some ask often and most seldom; each finds more than a page."""
    return [
        {
            "query": PAGE,
            "variables": {
                "sort": _SORTS[number % len(_SORTS)],
                "filter": {"priceMax": 400_000 + number * 250},
            },
        }
        for number in range(WARM)
    ]


def cold() -> Sequence[Body]:
    """Return the question for a hundred nested objects, with a place for a number."""
    return [{"query": NESTED, "variables": {"filter": {"priceMax": int(NUMBER)}}}]


def search(served: Served) -> Sequence[Body]:
    """Return searches that find a full page, with facets; each has a place for a number."""
    asked = " ".join(each.search or "" for each in searches())
    texts = islice(_plentiful(dict.fromkeys(asked.split()), served), SEARCHED)
    return [_to_search(text, int(NUMBER)) for text in texts]


def _plentiful(texts: Iterable[str], served: Served) -> Iterator[str]:
    for text in texts:
        found = orjson.loads(served.ask(_to_search(text, int(NUMBER))))["data"]["courses"]
        if found["totalCount"] >= PAGE_SIZE:
            yield text


def _to_search(text: str, most: int) -> Body:
    return {"query": SEARCH, "variables": {"search": text, "filter": {"priceMax": most}}}


def to_requests(bodies: Sequence[Body]) -> Sequence[bytes]:
    """Return the bytes that are sent."""
    return [to_request(body) for body in bodies]


def bookable(served: Served) -> Sequence[str]:
    """Return offerings that anybody can be enrolled in without choosing a session."""
    found: list[str] = []
    page: dict[str, Any] = {"endCursor": None, "hasNextPage": True}
    while page["hasNextPage"]:
        question = {"query": _BOOKABLE, "variables": {"after": page["endCursor"]}}
        courses = orjson.loads(served.ask(question))["data"]["courses"]
        page = courses["pageInfo"]
        found += [
            offering["id"]
            for course in courses["nodes"]
            for offering in course["offerings"]
            if offering["enrolmentMode"] == "DIRECT" and not offering["sessions"]
        ]
    if not found:
        raise RuntimeError("nothing can be enrolled in: has the catalogue been synced?")
    return found
