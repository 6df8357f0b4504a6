"""What never changes is kept as finished JSON, for those who encode the rest of an answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
import strawberry
from graphql import ExecutionResult, execute, parse

from gateway.execution.compiled import Compiler
from gateway.execution.compiled.kept import Kept
from schema.types.described import described, presents
from tests.fuzz.compiled import difference

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class PressRecord:
    name: str


@dataclass(frozen=True, slots=True)
class BookRecord:
    title: str
    pages: int | None = None
    press: PressRecord | None = None
    tags: tuple[str, ...] = ()


@presents(PressRecord, unchanging=True)
class Press:
    """Who printed it."""

    name: str = described("The name.")


@presents(BookRecord, unchanging=True)
class Book:
    """A book."""

    title: str = described("The title.")
    pages: int | None = described("How many.")
    press: Press | None = described("Who printed it.")
    tags: list[str] = described("Words.")


BOOKS: list[Any] = [
    BookRecord('"One" ☕', 1, PressRecord("A"), ("a", "b")),
    BookRecord("Two"),
    BookRecord("Three", 3, PressRecord("B")),
]


@strawberry.type
class Query:
    @strawberry.field(graphql_type=list[Book | None])
    def books(self) -> list[Any]:
        return BOOKS

    @strawberry.field(graphql_type=Book | None)
    def book(self) -> BookRecord | None:
        return BOOKS[0]


SCHEMA = strawberry.Schema(Query)._schema
TEXT = "{ books { title pages press { name } tags __typename } book { title pages tags } }"


class Asking:
    """Asks one text, compiled; and graphql-core."""

    def __init__(self) -> None:
        self.document = parse(TEXT)
        [operation] = self.document.definitions
        compiler = Compiler(SCHEMA, encodes=True)
        self.compiled = compiler.operation(self.document, operation)  # type: ignore[arg-type]

    async def encoded(self) -> ExecutionResult:
        result = await self.compiled.run(None, {})
        assert result is not None
        return result

    async def check_same(self) -> None:
        plain = execute(SCHEMA, self.document)
        assert isinstance(plain, ExecutionResult)
        assert difference(plain, await self.encoded()) is None


@pytest.fixture
def books() -> Iterator[list[Any]]:
    """Give the books, to be changed."""
    usual = list(BOOKS)
    yield BOOKS
    BOOKS[:] = usual


async def test_an_answer_has_the_same_bytes_the_first_time_and_again():
    asking = Asking()

    for _ in range(3):
        await asking.check_same()


async def test_a_list_that_was_made_before_is_finished_as_a_whole():
    asking = Asking()
    await asking.encoded()

    again = await asking.encoded()

    assert isinstance(again.data["books"], orjson.Fragment)


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(None, id="nothing"),
        pytest.param(BookRecord("Odd", "many"), id="a-text-for-a-number"),  # type: ignore[arg-type]
        pytest.param(BookRecord("Odd", 2**40), id="too-large-a-number"),
        pytest.param(RuntimeError("broken"), id="an-error"),
        pytest.param(BookRecord("Odd", press=BookRecord("no press")), id="another-type"),  # type: ignore[arg-type]
    ],
)
async def test_what_is_odd_is_told_as_ever_among_what_is_kept(odd, books):
    asking = Asking()
    await asking.check_same()
    books.insert(2, odd)

    await asking.check_same()
    await asking.check_same()


async def test_half_a_character_is_refused_where_the_answer_is_encoded_and_never_kept(books):
    asking = Asking()
    books.append(BookRecord("\ud800"))

    for _ in range(2):
        encoded = await asking.encoded()
        assert encoded.errors is None
        with pytest.raises(orjson.JSONEncodeError):
            orjson.dumps(encoded.data)


def test_json_counts_by_its_length():
    kept = Kept(most=10_000)
    table = kept.table()
    records = [BookRecord("x" * 900) for _ in range(12)]

    for each in records:
        kept.encode(table, each, {"title": each.title})

    assert 0 < len(table) < len(records)
