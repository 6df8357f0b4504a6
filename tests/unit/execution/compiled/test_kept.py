"""What is kept of records that never change, and how much of it."""

from dataclasses import dataclass

import pytest
import strawberry
from graphql import parse

from gateway.execution.compiled import Compiler
from gateway.execution.compiled.kept import Kept
from schema.types.described import described, presents

pytestmark = pytest.mark.anyio

TEXT = "{ books { title pages author { name born } price } }"


@dataclass(frozen=True, slots=True)
class AuthorRecord:
    name: str
    born: int | None = None


@dataclass(frozen=True, slots=True)
class BookRecord:
    title: str
    pages: int | None
    author: AuthorRecord | None
    tags: tuple[str, ...] = ("a", "b")


@presents(AuthorRecord, unchanging=True)
class Author:
    """Who wrote it."""

    name: str = described("The name.")
    born: int | None = described("The year.")


PRICES = {"price": 1}


@presents(BookRecord, unchanging=True)
class Book:
    """A book."""

    title: str = described("The title.")
    pages: int | None = described("How many.")
    author: Author | None = described("Who wrote it.")
    tags: list[str] = described("Words.")
    price: int = described("What it costs now.", lambda root: PRICES["price"])


BOOKS = [
    BookRecord("One", 1, AuthorRecord("A", 1900)),
    BookRecord("Two", None, None),
    BookRecord("Three", 3, AuthorRecord("B")),
]


@strawberry.type
class Query:
    @strawberry.field(graphql_type=list[Book])
    def books(self) -> list[BookRecord]:
        return BOOKS


async def ask(compiler: Compiler, text: str = TEXT):
    document = parse(text)
    operation = compiler.operation(document, document.definitions[0])

    async def answer():
        result = await operation.run(None, {})
        assert not result.errors
        return result.data["books"]

    return answer


async def test_what_may_change_is_read_anew_and_stands_in_its_place():
    answer = await ask(Compiler(strawberry.Schema(Query)._schema))

    first = await answer()
    PRICES["price"] = 2
    second = await answer()

    assert list(second[0].items()) == [
        ("title", "One"),
        ("pages", 1),
        ("author", {"name": "A", "born": 1900}),
        ("price", 2),
    ]
    assert [each["price"] for each in first] == [1, 1, 1]
    assert second[1] == {"title": "Two", "pages": None, "author": None, "price": 2}


async def test_an_answer_that_is_changed_by_its_receiver_changes_no_other():
    answer = await ask(Compiler(strawberry.Schema(Query)._schema))

    (await answer())[0]["title"] = "Another"

    assert (await answer())[0]["title"] == "One"


async def test_a_record_that_is_not_as_it_says_is_never_kept():
    compiler = Compiler(strawberry.Schema(Query)._schema)
    answer = await ask(compiler, "{ books { title pages tags } }")
    BOOKS.append(BookRecord("Odd", "many", None))  # type: ignore[arg-type]  # that is what is odd
    try:
        document = parse("{ books { title pages tags } }")
        odd = await compiler.operation(document, document.definitions[0]).run(None, {})
        again = await compiler.operation(document, document.definitions[0]).run(None, {})
    finally:
        BOOKS.pop()

    assert [error.path for error in odd.errors] == [["books", 3, "pages"]]
    assert [error.path for error in again.errors] == [["books", 3, "pages"]]
    assert (await answer())[0] == {"title": "One", "pages": 1, "tags": ["a", "b"]}


def test_tables_are_emptied_when_they_hold_too_much():
    kept = Kept(most=6_000)  # each takes nearly two thousand
    one, other = kept.table(), kept.table()
    records = [object() for _ in range(4)]

    for each in records[:3]:
        kept.keep(one, each, {})
    kept.keep(other, records[3], {})

    assert not one
    assert len(other) == 1
