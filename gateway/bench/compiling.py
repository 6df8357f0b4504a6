"""What compiling saves: the same questions, run by graphql-core and compiled, in turn.

`python -m gateway.bench.compiling` prints the processor's time of each and the ratio; nothing is
cached between questions but what the read model itself keeps.  Both make the same bytes.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from inspect import isawaitable
from random import Random
from statistics import median
from typing import Any

import orjson
from graphql import DocumentNode, ExecutionResult, OperationDefinitionNode, execute, parse
from strawberry.execution import optimized_is_awaitable

from gateway.bench.search import NOW, catalogue_of, questions
from gateway.catalogue.directory import Directory
from gateway.catalogue.reader import SnapshotReader
from gateway.catalogue.store import StatusRow
from gateway.execution.compiled import Compiler
from gateway.partners.config import PartnerConfig
from schema.build import build_schema
from schema.context import Context
from schema.model.catalogue import Partner
from schema.model.values import PartnerKind, PartnerState, SessionId

COURSES = 1_500
ROUNDS = 15
PAGES = 10
NESTED = """
query Nested($after: String) {
  courses(first: 100, after: $after) {
    nodes { id title summary rating institution { id name } }
    pageInfo { endCursor }
  }
}
"""
PAGE = """
query Page($search: String, $filter: CourseFilter) {
  courses(search: $search, filter: $filter, first: 20) {
    totalCount
    edges {
      cursor
      node {
        id title summary imageUrl level languages durationMinutes rating ratingCount
        deliveryModes availability
        category { code name }
        institution { id name }
        lowestPrice { amount currency }
        offerings { id partner { code name } price { amount currency } deliveryMode }
      }
      snippet { html }
    }
    facets { name buckets { value label count } }
    coverage { complete missing { partner { name } reason } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
Run = Callable[[Mapping[str, Any]], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class _Seats:
    def taken(self, _: SessionId) -> int:
        return 0


class Asking:
    """Asks one document of one catalogue, both ways."""

    def __init__(self, text: str, make_context: Callable[[], Context]) -> None:
        self._schema = build_schema()._schema  # noqa: SLF001 - Strawberry has no public name for it
        self._document: DocumentNode = parse(text)
        [operation] = self._document.definitions
        if not isinstance(operation, OperationDefinitionNode):
            raise TypeError("a document of one operation is asked")
        self._compiled = Compiler(self._schema).operation(self._document, operation)
        self._context = make_context

    async def plainly(self, variables: Mapping[str, Any]) -> bytes:
        """Return the answer as graphql-core and Strawberry give it."""
        result = execute(
            self._schema,
            self._document,
            context_value=self._context(),
            variable_values=dict(variables),
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # it guards no type
        )
        return _bytes(await result if isawaitable(result) else result)

    async def compiled(self, variables: Mapping[str, Any]) -> bytes:
        """Return the answer as the compiled operation gives it."""
        return _bytes(await self._compiled.run(self._context(), variables))


def _bytes(result: ExecutionResult | None) -> bytes:
    if result is None or result.errors:
        raise RuntimeError(f"this is to be measured without errors: {result}")
    return orjson.dumps(result.data)


async def measure(asking: Asking, variables: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the milliseconds of a question, each way, and how many times less the second is."""
    for each in variables:
        if await asking.plainly(each) != await asking.compiled(each):
            raise RuntimeError(f"the two answers to {each} differ")
    plain, compiled = [], []
    for _ in range(ROUNDS):
        plain.append(await _timed(asking.plainly, variables))
        compiled.append(await _timed(asking.compiled, variables))
    ratios = [one / other for one, other in zip(plain, compiled, strict=True)]
    return {
        "bytes": len(await asking.compiled(variables[0])),
        "plain_ms": round(median(plain), 3),
        "compiled_ms": round(median(compiled), 3),
        "ratio": round(median(ratios), 1),
    }


async def _timed(run: Run, variables: Sequence[Mapping[str, Any]]) -> float:
    gc.collect()
    began = time.process_time()
    for each in variables:
        await run(each)
    return (time.process_time() - began) * 1_000 / len(variables)


async def measure_both(courses: int = COURSES) -> dict[str, Any]:
    """Return what is measured of a hundred nested objects, and of a page of search results."""
    snapshot, codes = catalogue_of(courses)
    kind, state = PartnerKind.DIGITAL_PLATFORM, PartnerState.ACTIVE
    partners = [
        PartnerConfig(Partner(each, each.title(), kind, state), "feed", "file:x") for each in codes
    ]
    directory = Directory(partners, [StatusRow(each, 1, NOW, NOW) for each in codes], lambda: NOW)
    nothing: dict[str, Any] = dict.fromkeys(each.name for each in fields(Context))

    def make_context() -> Context:
        reader = SnapshotReader(snapshot, NOW)
        known = {"catalogue": reader, "search": reader, "partners": directory, "seats": _Seats()}
        return Context(**{**nothing, **known, "now": NOW})

    nested = Asking(NESTED, make_context)
    return {
        "courses": courses,
        "nested_100": await measure(nested, await _pages(nested)),
        "page_of_20": await measure(Asking(PAGE, make_context), _searches()),
    }


async def _pages(asking: Asking) -> list[dict[str, Any]]:
    """Return the variables of ten pages, each a hundred courses further."""
    pages: list[dict[str, Any]] = [{}]
    while len(pages) < PAGES:
        found = json.loads(await asking.compiled(pages[-1]))
        pages.append({"after": found["courses"]["pageInfo"]["endCursor"]})
    return pages


def _searches() -> list[dict[str, Any]]:
    dice = Random(3)  # noqa: S311 - the same questions every time
    return [
        {"search": each.search, "filter": {"priceMax": each.filter.price_max}}
        for each in dice.sample(questions(), 20)
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(measure_both()), indent=2) + "\n")
