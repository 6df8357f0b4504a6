"""Each file of a feed is asked whether it has changed, and read with those that belong to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from adapters.base import Cursor, NotModified, Page, PartnerSettings, Validators
from adapters.errors import PartnerContractError
from adapters.registry import build_adapter
from schema.model.values import Money, PartnerCode

pytestmark = pytest.mark.anyio

COURSES = {
    "name": "courses", "path": "/courses", "key": "id",
    "join": [{"source": "runs", "on": "id"}],
    "fields": {"title": "title", "price": {"from": "runs.0.price", "currency": "IDR"}},
}  # fmt: skip
RUNS = {"name": "runs", "path": "/runs", "sessions": {"of": "id", "key": "run"}}
OPTIONS = {
    "format": "json",
    "fields": {"institution": {"constant": "Balai"}},
    "sources": [COURSES, RUNS],
}
SETTINGS = PartnerSettings(PartnerCode("balai"), "https://balai.test", options=OPTIONS)
RUNS_AT = Cursor("runs")


@dataclass
class Server:
    """Two files, each with an edition that its ETag names; `asked` are path and condition."""

    editions: dict[str, int] = field(default_factory=lambda: {"/courses": 1, "/runs": 1})
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    without_etag: str = ""
    always_known: bool = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, told = request.url.path, request.headers.get("If-None-Match")
        self.asked.append((path, told))
        edition = self.editions[path]
        if self.always_known or told == f'"{edition}"':
            return httpx.Response(304)
        headers = {} if path == self.without_etag else {"ETag": f'"{edition}"'}
        rows = {
            "/courses": [{"id": 1, "title": f"Barista {edition}"}],
            "/runs": [{"id": 1, "run": "a", "price": 1000 * edition}],
        }
        return httpx.Response(200, headers=headers, json=rows[path])

    @contextmanager
    def asking(self) -> Iterator[list[tuple[str, str | None]]]:
        self.asked.clear()
        yield self.asked


async def fetch(server: Server, cursor: Cursor | None = None, known: Validators | None = None):
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http:
        return await build_adapter("feed", SETTINGS, http).fetch_page(cursor, known)


async def test_each_source_is_asked_with_its_own_validators():
    server = Server()
    courses, runs = await fetch(server), await fetch(server, RUNS_AT)

    with server.asking() as asked:
        again = [
            await fetch(server, None, courses.validators),
            await fetch(server, RUNS_AT, runs.validators),
        ]

    assert again == [NotModified(), NotModified()]
    assert {told for _, told in asked} == {'"1"'}


async def test_what_is_joined_belongs_to_the_page():
    server = Server()
    before = await fetch(server)
    server.editions["/runs"] = 2

    with server.asking() as asked:
        after = await fetch(server, None, before.validators)

    assert [page.offerings[0].price for page in (before, after)] == [Money(1_000), Money(2_000)]
    assert asked == [("/courses", '"1"'), ("/runs", '"1"'), ("/courses", None)]


async def test_a_file_that_has_changed_is_sent_once():
    server = Server()
    before = await fetch(server)
    server.editions["/courses"] = 2

    with server.asking() as asked:
        after = await fetch(server, None, before.validators)

    assert isinstance(after, Page)
    assert asked == [("/courses", '"1"'), ("/runs", None)]


@pytest.mark.parametrize("silent", ["/courses", "/runs"])
async def test_of_a_page_with_a_file_that_tells_nothing_nothing_can_be_asked(silent):
    page = await fetch(Server(without_etag=silent))

    assert page.validators == Validators()


async def test_whoever_says_unasked_that_nothing_is_new_breaks_the_contract():
    server = Server(always_known=True)

    for cursor in (None, RUNS_AT):
        with pytest.raises(PartnerContractError, match="did not say what we know"):
            await fetch(server, cursor)


async def test_validators_that_another_version_kept_are_not_asked_with():
    server = Server()
    page = await fetch(server)
    reading = page.validators.etag.partition(" ")[0]

    for kept in ('"1"', "7", "[7]", "[]", '[["\\"1\\"",null]]'):
        with server.asking() as asked:
            await fetch(server, None, Validators(etag=f"{reading} {kept}"))
        assert asked == [("/courses", None), ("/runs", None)]
