"""Requests at random as clients, scripts and attackers send them: mostly good, often the same."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from random import Random
from typing import Any
from urllib.parse import urlencode

from tests.unit.schema.reaching import COURSE

PAGE = """query Page($first: Int, $filter: CourseFilter, $sort: CourseSort = TITLE, $short: Boolean
  = false, $long: Boolean!, $search: String) {
  courses(first: $first, filter: $filter, sort: $sort, search: $search) {
    totalCount nodes { ...Told @include(if: $long) id @skip(if: $short) title } } }
fragment Told on Course { summary deliveryModes offerings { url price { amount } } }"""
TWO = "query A($n: Int) { courses(first: $n) { totalCount } } query B { partners { code } }"
LONG = """query ($first: Int) { courses(first: $first) { nodes {
  id title summary deliveryModes institution { id name } offerings { url price { amount } } } } }"""
OPENER = "query A { partners { name } } query B { partners { code } __schema { __typename } }"
QUERIES = (
    PAGE, LONG, LONG, TWO, TWO, TWO, TWO, OPENER,
    "query ($id: ID!) { course(id: $id) { title summary } }",
    "query ($id: ID!) { node(id: $id) { id ... on Course { title } } }",
    "query ($n: Int!) { courses(first: $n) { nodes { descriptionHtml } } }",
    "{ courses(first: 1) { nodes { offerings { quote { asOf } } } } }",
    "{ me { id } partners { code } }", "{ __schema { __typename } partners { code } }",
    "{ nothing }", "{",
    "mutation { __typename }", "subscription { syncProgress { fetched } }",
)  # fmt: skip
_VALUES: Mapping[str, Sequence[Any]] = {  # the good ones first, twice as many as the others
    "first": (1, 2, 3, 4, 0, -1, 101, "2", 2.0, 2.5, 2**31, 2**70, None, [1], True),
    "n": (1, 2, 3, None, "x", 2**63),
    "filter": (
        {}, {"priceMax": 200_000}, {"priceMax": 350_000}, None, {"priceMax": 2**53},
        {"priceMax": "350000"}, {"priceMax": 1.5}, {"priceMax": -(2**63)}, {"nothing": 1}, [],
        {"institutions": ["x"] * 300}, {"deliveryModes": ["ONLINE", "ELSEWHERE"]},
        {"deliveryModes": "ONLINE"}, {"startsAfter": "2020-04-11T09:00:00+07:00"},
    ),
    "sort": ("TITLE", "NEWEST", "STARTS_SOONEST", None, "title", 1),
    "short": (True, False, None, "true", 1),
    "long": (True, False, None, 0),
    "search": ("kopi", "", None, "\u0000", "k" * 3_000, 5),
    "id": (COURSE, "junk", "", 5, None, 2**64),
    "more": ({"deep": [[[[]]]]}, "x"),
}  # fmt: skip
_HEADERS: Mapping[str, Sequence[str]] = {
    "accept": ("application/json", "application/graphql-response+json", "*/*", "image/png", ""),
    "accept-encoding": ("zstd", "gzip", "gzip;q=0.5, zstd", "gzip;q=0, identity", "br"),
    "accept-language": ("id", "en"),
    "authorization": ("Bearer ani", "Bearer ani", "bearer ani", "Bearer else", "Basic eDp5", ""),
    "apollographql-client-name": ("web", "app", "other\t"),
    "cache-control": ("no-cache",),
    "content-type": ("application/json; charset=utf-8", "application/json;charset=x", "text/x"),
    "cookie": ("a=b", "session=ani"),
    "graphql-cost": ("1", "0", "1, 1"),
    "graphql-require-preflight": ("1", ""),
    "if-none-match": ("*", '"x"'),
    "origin": ("https://pages.test", "https://others.test", "null"),
    "sec-fetch-site": ("same-origin", "cross-site"),
    "traceparent": ("00-11111111111111111111111111111111-2222222222222222-01",),
    "x-forwarded-for": ("198.51.100.7",),
    "x-request-id": ("abcdefgh-1", "?"),
}  # fmt: skip
_USUAL: Sequence[Mapping[str, str]] = (
    {}, {"accept": "application/json"}, {"accept-encoding": "gzip, zstd"},
    {"accept": "application/graphql-response+json", "origin": "https://pages.test"},
)  # fmt: skip
LENGTHS = (900, 1_300)  # of bodies, so that heads are often the same


class Sayings:
    """Makes requests; what one client says has much in common."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._bodies: list[bytes] = []

    def several(self) -> list[bytes]:
        """Return some requests that have much in common, the same ones among them."""
        dice = self._dice
        query = dice.choice(QUERIES) if dice.random() < 0.6 else PAGE
        headers, method = self._headers(), dice.choice(("POST",) * 12 + ("GET", "GET", "PUT"))
        made: list[bytes] = []
        for _ in range(dice.choice((3, 6, 12))):
            told = self._headers() if dice.random() < 0.15 else headers
            if method == "GET":
                made.append(self._get(query, told))
            elif made and dice.random() < 0.5:
                self._bodies.append(dice.choice(self._bodies[-3:]))
                made.append(_request("POST /graphql", told, self._bodies[-1]))
            else:
                self._bodies.append(self._body(query))
                at = dice.choice(("/graphql",) * 12 + ("/graphql?a=b",))
                made.append(_request(f"{method} {at}", told, self._bodies[-1]))
        return made

    def _headers(self) -> list[tuple[str, str]]:
        dice = self._dice
        told = dict(dice.choice(_USUAL))
        if dice.random() < 0.3:
            for name in dice.sample(list(_HEADERS), dice.choice((1, 1, 2))):
                told[name] = dice.choice(_HEADERS[name])
        headers = list(({"content-type": "application/json"} | told).items())
        if headers and dice.random() < 0.05:
            headers.append(dice.choice(headers))  # the same twice
        return headers

    def _get(self, query: str, headers: list[tuple[str, str]]) -> bytes:
        asked = {"query": query, "variables": json.dumps(self._variables(query))}
        if self._dice.random() < 0.3:
            asked["operationName"] = self._dice.choice(("A", "Page", ""))
        if self._dice.random() < 0.7:
            headers = [*headers, ("graphql-require-preflight", "1")]
        return _request(f"GET /graphql?{urlencode(asked)}", headers, b"")

    def _body(self, query: str) -> bytes:
        """Return a body whose parts stand in any order, some of them twice."""
        dice = self._dice
        parts = [("query", query), ("variables", self._variables(query))]
        digest = sha256(query.encode()).hexdigest()
        others: Mapping[str, Sequence[Any]] = {
            "operationName": ("A", "Page", "B", None, "", 5),
            "extensions": (
                {}, None, {"a": 1}, {"a": 2, "b": 1}, [],
                {"persistedQuery": {"version": 1, "sha256Hash": digest}},
                {"persistedQuery": {"version": 1, "sha256Hash": digest[::-1]}},
            ),
            "documentId": (None, f"sha256:{digest}", "sha256:x", ""),
            "unknown": (1,),
            "variables": (None, {}, [], self._variables(query)),
            "query": (query, None, "{ __typename }"),
        }  # fmt: skip
        if dice.random() < 0.2:
            name = dice.choice(list(others))
            parts.append((name, dice.choice(others[name])))
        if query in {TWO, OPENER} and dice.random() < 0.9:
            parts.append(("operationName", "A" if query == OPENER else dice.choice("AB")))
        if dice.random() < 0.2:
            dice.shuffle(parts)
        text = ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in parts)
        body = f"{{{text}}}".encode()
        throw = dice.random()
        if throw < 0.01:
            body = b"[" + body + b"]"
        elif throw < 0.04:
            odd = body[:-1], body + b"x", body.replace(b"q", b"\xff", 1), b"\xef\xbb\xbf" + body
            body = dice.choice(odd)
        return body.ljust(next((each for each in LENGTHS if each >= len(body)), 0))

    def _variables(self, query: str) -> dict[str, Any]:
        dice, made = self._dice, {}
        for name, values in _VALUES.items():
            is_asked = f"${name}:" in query
            if is_asked if dice.random() < 0.9 else dice.random() < 0.05:
                good = max(2, len(values) // 3)
                made[name] = dice.choice(values[:good] if dice.random() < 0.95 else values)
        return made


def _request(what: str, headers: list[tuple[str, str]], body: bytes) -> bytes:
    told = [("host", "mitra"), ("user-agent", "tests"), *headers]
    if body:
        told.append(("content-length", str(len(body))))
    lines = "".join(f"{name}: {value}\r\n" for name, value in told)
    return f"{what} HTTP/1.1\r\n{lines}\r\n".encode() + body
