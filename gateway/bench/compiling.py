"""What compiling saves: the same questions, run by graphql-core and compiled, in turn.

`python -m gateway.bench.compiling` prints the processor's time of each and the ratio.  Both run
the same resolvers over the same read model and make the same bytes, encoding included; they take
turns, and the least that each took counts, as other work on the machine only adds.  No search is
asked twice.  What the read model takes for the same questions, whoever asks, is measured as
well: `ratio_besides` is the ratio without it.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from inspect import isawaitable
from itertools import count, cycle, islice
from statistics import median
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLSchema,
    OperationDefinitionNode,
    execute,
    parse,
)
from strawberry.execution import optimized_is_awaitable

from gateway import collecting
from gateway.bench.posts import POSTS, POSTS_SCHEMA
from gateway.bench.search import NOW, catalogue_of, questions
from gateway.catalogue.directory import Directory
from gateway.catalogue.reader import SnapshotReader
from gateway.catalogue.snapshot import Snapshot
from gateway.catalogue.store import StatusRow
from gateway.execution.compiled import Compiler
from gateway.partners.config import PartnerConfig
from schema.build import build_schema
from schema.context import Context
from schema.model.catalogue import Partner
from schema.model.values import PartnerKind, PartnerState, SessionId
from schema.ports import CourseFilter, CourseQuery, Window

COURSES = 1_500
ROUNDS = 40
SECONDS = 0.01  # of a processor, for each turn: short, so that some are undisturbed
PAGES = 10
PAGE_SIZE = 20
AT_ONCE = 20  # questions of one look at the clock
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
    }
    facets { name buckets { value label count } }
    coverage { complete missing { partner { name } reason } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
Variables = Mapping[str, Any]
Run = Callable[[Variables], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class _Seats:
    def taken(self, _: SessionId) -> int:
        return 0


class Asking:
    """Asks one document of one schema, both ways."""

    def __init__(
        self, schema: GraphQLSchema, text: str, make_context: Callable[[], object]
    ) -> None:
        self._schema = schema
        self._document: DocumentNode = parse(text)
        [operation] = self._document.definitions
        if not isinstance(operation, OperationDefinitionNode):
            raise TypeError("a document of one operation is asked")
        self._compiled = Compiler(self._schema, encodes=True).operation(self._document, operation)
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


async def measure(
    asking: Asking, variables: Iterator[Variables], reading: Run | None = None
) -> dict[str, Any]:
    """Return the milliseconds of a question, each way, and how many times less the second is."""
    sizes = []
    for each in islice(variables, AT_ONCE):
        answer = await asking.compiled(each)
        if await asking.plainly(each) != answer:
            raise RuntimeError(f"the two answers to {each} differ")
        sizes.append(len(answer))
    gc.collect()
    collecting.keep()  # as a serving process does, and the next
    collecting.collect_seldom()
    taken = []
    for _ in range(ROUNDS):
        read = await _timed(reading, variables) if reading else 0.0
        plain = await _timed(asking.plainly, variables)
        taken.append((plain, await _timed(asking.compiled, variables), read))
    plain, compiled, read = (min(each) for each in zip(*taken, strict=True))
    return {
        "bytes": round(median(sizes)),
        "plain_ms": round(plain, 3),
        "compiled_ms": round(compiled, 3),
        "read_model_ms": round(read, 3),
        "ratio": round(plain / compiled, 1),
        "ratio_besides": round((plain - read) / (compiled - read), 1),
        "median_ratio": round(median(one / other for one, other, _ in taken), 1),
    }


async def _timed(run: Run, variables: Iterator[Variables]) -> float:
    spent, asked = 0.0, 0
    while spent < SECONDS:
        questions = list(islice(variables, AT_ONCE))
        began = time.process_time()
        for each in questions:
            await run(each)
        spent += time.process_time() - began
        asked += len(questions)
    return spent * 1_000 / asked


async def measure_all(courses: int = COURSES) -> dict[str, Any]:
    """Return what is measured of posts with users, of nested courses, and of a page of results."""
    snapshot, codes = catalogue_of(courses)
    kind, state = PartnerKind.DIGITAL_PLATFORM, PartnerState.ACTIVE
    partners = [
        PartnerConfig(Partner(each, each.title(), kind, state), "feed", "file:none")
        for each in codes
    ]
    rows = [StatusRow(each, 1, attempted_at=NOW, fetched_at=NOW) for each in codes]
    directory = Directory(partners, rows, lambda: NOW)
    nothing: dict[str, Any] = dict.fromkeys(each.name for each in fields(Context))

    def make_context() -> Context:
        reader = SnapshotReader(snapshot, NOW)
        known = {"catalogue": reader, "search": reader, "partners": directory, "seats": _Seats()}
        return Context(**{**nothing, **known, "now": NOW})

    async def read_page(variables: Mapping[str, Any]) -> bytes:
        make_context().catalogue.courses(CourseQuery(), Window(first=100, **variables))
        return b""

    async def read_search(variables: Mapping[str, Any]) -> bytes:
        limit = CourseFilter(price_max=variables["filter"]["priceMax"])
        query = CourseQuery(variables["search"], limit)
        context = make_context()
        context.catalogue.courses(query, Window(first=20))
        context.catalogue.facets(query)
        context.partners.coverage(())
        return b""

    schema = build_schema()._schema  # noqa: SLF001 - Strawberry has no public name for it
    nested = Asking(schema, NESTED, make_context)
    page = Asking(schema, PAGE, make_context)
    posts = Asking(POSTS_SCHEMA, POSTS, lambda: None)
    return {
        "courses": courses,
        "posts_with_users": await measure(posts, cycle([{}])),
        "courses_with_institutions": await measure(nested, cycle(await _pages(nested)), read_page),
        "page_of_20_with_facets": await measure(page, _searches(snapshot), read_search),
    }


async def _pages(asking: Asking) -> list[dict[str, Any]]:
    """Return the variables of ten pages, each a hundred courses further."""
    pages: list[dict[str, Any]] = [{}]
    while len(pages) < PAGES:
        found = json.loads(await asking.compiled(pages[-1]))
        pages.append({"after": found["courses"]["pageInfo"]["endCursor"]})
    return pages


def _searches(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    """Give searches that fill a page, each once: the highest price is another every time.

    They are for one word or two, and so many in turn that the read model has forgotten the text.
    """
    reader, window = SnapshotReader(snapshot, NOW), Window(first=PAGE_SIZE)
    asked = [each.search or "" for each in questions()]
    texts = dict.fromkeys([*asked, *(word for text in asked for word in text.split())])
    full = [text for text in texts if reader.courses(CourseQuery(text), window).total >= PAGE_SIZE]
    for price, text in zip(count(10_000_000), cycle(full), strict=False):
        yield {"search": text, "filter": {"priceMax": price}}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(measure_all()), indent=2) + "\n")
