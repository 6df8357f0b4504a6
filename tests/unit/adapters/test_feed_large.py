"""Files that are too large for one page are read in parts, and every row of them once."""

import json

import httpx
import pytest

from adapters.base import Cursor, NotModified, PartnerSettings, Validators
from adapters.errors import CursorExpiredError, PartnerContractError
from adapters.feed import large
from adapters.feed.options import FeedOptionsError
from adapters.registry import build_adapter
from schema.model.values import PartnerCode

pytestmark = pytest.mark.anyio

OPTIONS = {
    "format": "csv",
    "path": "/kelas.csv",
    "key": "id",
    "largest_megabytes": 1,
    "fields": {"title": "judul", "institution": "lembaga"},
}
TITLES = [f'Kursus {number},\n"baris" kedua' for number in range(40)]
CSV = "id,judul,lembaga\n" + "".join(
    f'{number},"{title.replace(chr(34), chr(34) * 2)}",LKP\n' for number, title in enumerate(TITLES)
)
LINES = "".join(
    json.dumps({"id": str(number), "judul": title, "lembaga": "LKP"}) + "\n"
    for number, title in enumerate(TITLES)
)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(large, "LARGEST_ANSWER", 500)
    monkeypatch.setattr(large, "PART_BYTES", 200)


MADE: list["Partner"] = []


@pytest.fixture(autouse=True)
async def closed_partners():
    yield
    while MADE:
        await MADE.pop().adapter.aclose()


class Partner:
    """Serves one file, and says how often it was asked for it."""

    def __init__(self, body: str, **options: object) -> None:
        self.body, self.asked = body, 0
        transport = httpx.MockTransport(self.answer)
        settings = PartnerSettings(
            PartnerCode("toko"), "https://partner.test", options={**OPTIONS, **options}
        )
        self.adapter = build_adapter("feed", settings, httpx.AsyncClient(transport=transport))
        MADE.append(self)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if request.headers.get("If-None-Match") == '"v1"':
            return httpx.Response(304)
        return httpx.Response(200, headers={"ETag": '"v1"'}, content=self.body.encode())

    async def walk(self) -> list:
        """Return all pages."""
        pages = [await self.adapter.fetch_page(None, None)]
        while pages[-1].next_cursor is not None:
            pages.append(await self.adapter.fetch_page(pages[-1].next_cursor, None))
        return pages


@pytest.mark.parametrize(("kind", "body"), [("csv", CSV), ("jsonl", LINES)])
async def test_every_row_comes_once_and_the_file_is_asked_for_once(kind, body):
    partner = Partner(body, format=kind)

    pages = await partner.walk()
    found = [offering for page in pages for offering in page.offerings]

    assert [offering.key for offering in found] == [str(number) for number in range(40)]
    titles = [offering.listed.title for offering in found]
    assert titles == [" ".join(title.split()) for title in TITLES]
    assert not any(page.rejections for page in pages)
    assert len(pages) > 5
    assert partner.asked == 1
    assert [page.validators is not None for page in pages] == [True] + [False] * (len(pages) - 1)
    assert partner.adapter._parts == {}


async def test_a_file_that_has_not_changed_is_not_read():
    partner = Partner(CSV)
    [first, *_] = await partner.walk()

    assert await partner.adapter.fetch_page(None, first.validators) == NotModified()
    other = Validators(etag=first.validators.etag.replace("v1", "v0"))
    assert (await partner.adapter.fetch_page(None, other)).offerings


async def test_a_walk_whose_file_is_gone_begins_anew():
    partner = Partner(CSV)
    first = await partner.adapter.fetch_page(None, None)
    await partner.adapter.aclose()
    restarted = Partner(CSV)

    for cursor in (first.next_cursor, Cursor(" @x")):
        with pytest.raises(CursorExpiredError):
            await restarted.adapter.fetch_page(cursor, None)


async def test_a_row_without_end_is_refused_and_a_quote_without_end_costs_its_row():
    with pytest.raises(PartnerContractError, match="longer than"):
        await Partner("id,judul,lembaga\n" + "x" * 1_000).walk()
    rows = "".join(f"{number},Kursus,LKP\n" for number in range(100))

    pages = await Partner(f'id,judul,lembaga\na,"Rusak,LKP\n{rows}').walk()

    assert sum(len(page.offerings) for page in pages) == 100
    assert sum(len(page.rejections) for page in pages) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"format": "json"},
        {"sessions": {"key": "id", "fields": {}}},  # rows of one offering must stay together
        {"encoding": "utf-16"},
        {"largest_megabytes": 0},
        {"largest_megabytes": "all"},
    ],
)
async def test_what_cannot_be_parted_is_refused(options):
    with pytest.raises(FeedOptionsError, match="largest_megabytes"):
        Partner("", **options)


async def test_a_file_that_is_larger_than_allowed_is_refused():
    with pytest.raises(PartnerContractError, match="larger than it may be"):
        await Partner(CSV + "x" * 1_000_000).walk()


async def test_a_part_of_bad_rows_is_no_end_of_the_list():
    bad = "".join(f"{number},,LKP\n" for number in range(80))
    good = "".join(f"g{number},Kursus,LKP\n" for number in range(3))

    pages = await Partner(f"id,judul,lembaga\n{bad}{good}").walk()

    assert [offering.key for page in pages for offering in page.offerings] == ["g0", "g1", "g2"]
    assert sum(len(page.rejections) for page in pages) == 80
