"""Questions that differ in their variables alone, and how many of them took the ordinary path."""

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from gateway.execution.buckets import LocalBuckets
from gateway.execution.budgets import Budgets
from gateway.web.cors import Cors
from tests.unit.web.edge import Edge
from tests.unit.web.wire import Reply, Served, Wire, post

QUERY = """query Varied($first: Int, $filter: CourseFilter, $sort: CourseSort, $after: String,
  $short: Boolean = false) {
  courses(first: $first, filter: $filter, sort: $sort, after: $after) {
    totalCount nodes { id title summary @skip(if: $short) offerings { price { amount } } } } }"""
LENGTH = 700  # of every body, so that heads are the same


def varied(variables: Any, query: str = QUERY, **headers: str) -> bytes:
    """Return a request as clients send it, its body filled up with spaces."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    return post(body.ljust(LENGTH), **headers)


def at_random(dice: Random) -> Mapping[str, Any]:
    """Return variables, mostly good ones."""
    of_each: Mapping[str, tuple[Any, ...]] = {
        "first": (1, 2, 3, 4, 5, None, 0, 100, 101, -1, "2", 2.5, 2**40, [1]),
        "filter": (
            None, {}, {"priceMax": 200_000}, {"priceMax": 100_000, "priceMin": 5}, {"levels": []},
            {"deliveryModes": ["ONLINE"]}, {"deliveryModes": "ONLINE"}, {"availableOnly": True},
            {"nothing": 1}, {"priceMax": "1"}, "x", {"institutions": ["x"]},
        ),
        "sort": ("TITLE", "NEWEST", "PRICE_ASC", None, "ELSE", "STARTS_SOONEST"),
        "after": (None, "", "nowhere", 5),
        "short": (True, False, None, "yes"),
        "unknown": (1,),
    }  # fmt: skip
    good = {"first": 5, "filter": 6, "sort": 3, "after": 1, "short": 2, "unknown": 1}
    return {
        name: dice.choice(values[: good[name]] if dice.random() < 0.9 else values)
        for name, values in of_each.items()
        if dice.random() < 0.6
    }


class Passing(Served):
    """A server that counts what takes its ordinary path, and what forms answer.

    Everybody's budget is told.
    """

    def __init__(
        self,
        *,
        is_hot: bool = True,
        points: int = 10**6,
        clock: Callable[[], float] = lambda: 0.0,
        **parts: Any,
    ) -> None:
        budgets = Budgets(LocalBuckets(clock=clock), points_a_minute=points)
        options = {"cors": Cors(["https://pages.test"])}
        super().__init__(Edge(options=options, budgets=budgets, **parts), is_hot=is_hot)
        self.passed = self.at_once = 0
        app, forms = self.hot._app, self.hot._forms
        find = forms.find

        def count_found(*request: Any) -> Any:
            found = find(*request)
            self.at_once += found is not None
            return found

        async def count(scope: Any, receive: Any, send: Any) -> None:
            self.passed += 1
            await app(scope, receive, send)

        self.hot._app, forms.find = count, count_found  # type: ignore[method-assign]

    async def learn(self, wire: Wire, *requests: bytes) -> None:
        """Send what a form is learnt from, and begin to count."""
        for each in requests or (varied({"first": 1}), varied({"first": 2})):
            await wire.send(each)
        self.passed = self.at_once = 0


def told(reply: Reply) -> tuple[Any, ...]:
    """Return all that must be the same of two answers, with what is left to spend."""
    return *reply.lasting, reply.headers.get("ratelimit")
