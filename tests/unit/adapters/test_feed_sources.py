"""Feeds of several sources: walked in order, joined by id, every row named by its source."""

import json
from collections.abc import Mapping

import httpx
import pytest

from adapters.base import Cursor, LeftOut, Page, PartnerSettings
from adapters.errors import CursorExpiredError, PartnerContractError
from adapters.feed.options import FeedOptionsError
from adapters.feed.plan import build_feed
from adapters.registry import build_adapter
from schema.model.values import DeliveryMode, Money, PartnerCode

pytestmark = pytest.mark.anyio

OPTIONS = {
    "format": "json",
    "fields": {"institution": {"constant": "Balai Latihan Kerja"}},
    "sources": [
        {
            "name": "courses",
            "path": "/courses.json",
            "at": "data.kelas",
            "key": {"template": "K-{id}"},
            "join": [{"source": "runs", "as": "jadwal", "ours": "id", "theirs": "kelas"}],
            "leave_out": [{"rule": "retired", "from": "status", "when": "retired"}],
            "fields": {
                "title": "judul",
                "price": {"from": "jadwal.*.harga", "pick": "lowest", "currency": "USD"},
                "delivery_mode": {"from": "jadwal.*.cara", "words": {"Kelas": "ONSITE"}},
            },
        },
        {
            "name": "runs",
            "path": "/runs.json",
            "leave_out": [{"rule": "cancelled", "from": "batal", "when": "True"}],
            "sessions": {
                "of": {"template": "K-{kelas}"},
                "key": {"template": "{kelas}-{mulai}"},
                "fields": {"starts_at": {"from": "mulai", "format": "%Y%m%d"}},
            },
        },
    ],
}
FILES = {
    "/courses.json": {
        "data": {
            "kelas": [
                {"id": 1, "judul": "Barista"},
                {"id": 2, "judul": "Las", "status": "retired"},
                {"id": 3, "judul": ""},
                {"id": 4, "judul": "Menjahit"},
            ]
        }
    },
    "/runs.json": [
        {"kelas": 1, "mulai": "20250717", "harga": "20.50", "cara": "Kelas"},
        {"kelas": 1, "mulai": "20250901", "harga": "19.00", "cara": "Kelas"},
        {"kelas": 1, "mulai": "20250901", "harga": "19.00", "cara": "Kelas"},
        {"kelas": 1, "mulai": "20251001", "harga": "1.00", "batal": True},
        {"kelas": 4, "mulai": "besok"},
        {"kelas": None, "mulai": "20251001"},
    ],
}


def settings(**changes) -> PartnerSettings:
    return PartnerSettings(PartnerCode("balai"), "https://balai.test", options=OPTIONS | changes)


async def walk(partner: PartnerSettings, files: Mapping[str, object]) -> list[Page]:
    """Return every page of a partner, and check that each can be asked whether it has changed."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        return httpx.Response(200, headers={"ETag": '"v1"'}, content=json.dumps(files[path]))

    pages: list[Page] = []
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        adapter = build_adapter("feed", partner, http)
        cursor: Cursor | None = None
        while not pages or cursor:
            page = await adapter.fetch_page(cursor)
            assert page.validators  # one file's ETag says nothing of the others
            pages.append(page)
            cursor = page.next_cursor
    return pages


async def test_sources_are_walked_in_order_and_share_what_is_said_for_all():
    courses, runs = await walk(settings(), FILES)

    assert [offering.key for offering in courses.offerings] == ["K-1", "K-4"]
    assert {o.listed.institution for o in courses.offerings} == {"Balai Latihan Kerja"}
    assert courses.next_cursor == "runs"
    assert [(owner, session.key) for owner, session in runs.sessions] == [
        ("K-1", "1-20250717"),
        ("K-1", "1-20250901"),
    ]
    assert runs.sessions[0][1].starts_at.isoformat() == "2025-07-17T00:00:00+07:00"


async def test_what_is_not_listed_is_named_by_its_source():
    courses, runs = await walk(settings(), FILES)

    assert courses.left_out == (LeftOut("courses: K-2", "retired"),)
    assert runs.left_out == (
        LeftOut("runs: 1-20250901", "duplicate"),
        LeftOut("runs: row 4", "cancelled"),
    )
    assert [(r.row, r.key, r.reason) for r in (*courses.rejections, *runs.rejections)] == [
        (3, "K-3", "courses: title: is empty"),
        (5, "K-4", "runs: starts_at: 'besok' is not a time in the documented form"),
        (6, None, "runs: key: is empty"),
    ]


async def test_rows_of_another_source_can_be_asked_for_price_and_mode():
    courses, _ = await walk(settings(), FILES)
    barista, sewing = courses.offerings

    assert barista.price == Money(1_900, "USD")  # the run that a rule leaves out is not asked
    assert barista.delivery_mode is DeliveryMode.ONSITE
    assert (sewing.price, sewing.delivery_mode) == (None, DeliveryMode.UNKNOWN)


async def test_pages_are_followed_by_their_links():
    paged = settings(
        sources=[
            {"name": "a", "path": "/a", "at": "results", "next": "next", "key": "id",
             "fields": {"title": "t"}},
            {"name": "b", "path": "/b", "format": "json", "one_row": True, "key": "id",
             "fields": {"title": "t"}},
        ]
    )  # fmt: skip
    files = {
        "/a": {"count": 2, "next": "https://balai.test/a?page=2", "results": [{"id": 1, "t": "A"}]},
        "/a?page=2": {"count": 2, "next": None, "results": [{"id": 2, "t": "B"}]},
        "/b": {"id": 3, "t": "C"},
    }

    pages = await walk(paged, files)

    assert [page.next_cursor for page in pages] == ["a https://balai.test/a?page=2", "b", None]
    assert [each.listed.title for page in pages for each in page.offerings] == ["A", "B", "C"]


async def test_a_link_to_another_host_is_refused():
    paged = settings(
        sources=[{"name": "a", "path": "/a", "at": "r", "next": "n", "key": "i",
                  "fields": {"title": "t"}}]
    )  # fmt: skip

    with pytest.raises(PartnerContractError, match="points to another host"):
        await walk(paged, {"/a": {"n": "https://evil.test/a", "r": [{"i": 1, "t": "A"}]}})


def test_a_cursor_of_a_source_that_is_gone_has_expired():
    with pytest.raises(CursorExpiredError, match="no source 'gone'"):
        build_feed(settings()).at(Cursor("gone"))


async def test_runs_of_which_none_can_be_read_break_the_contract():
    with pytest.raises(PartnerContractError, match="no row can be read; the first: key: is empty"):
        await walk(settings(), FILES | {"/runs.json": [{"mulai": "20250717"}]})


def a_source(**changes) -> dict:
    return {"name": "a", "key": "id", "fields": {"title": "t"}} | changes


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        pytest.param([], "sources is empty: name a source", id="none"),
        pytest.param([a_source(name="")], "sources[0].name is missing", id="unnamed"),
        pytest.param([a_source(name="A B")], "must be a name of its own", id="name"),
        pytest.param([a_source(), a_source()], "must be a name of its own", id="twice"),
        pytest.param([a_source(pth="/x")], "options.sources.a.pth is not a key here", id="surplus"),
        pytest.param([a_source(next="n", format="csv")], "next is for JSON in UTF-8", id="next"),
        pytest.param(
            [a_source(join=[{"source": "b", "on": "id"}])],
            "joins 'b', which is no source",
            id="join",
        ),
        pytest.param([a_source(join=[{"source": "a"}])], "on is missing: the column", id="join-on"),
        pytest.param(
            [a_source(sessions={"of": "x", "key": "y"})],
            "options.sources.a.key is not a key of a source of sessions",
            id="runs-with-fields",
        ),
        pytest.param(
            [{"name": "a", "sessions": {"of": "x", "key": "y", "at": "z"}}],
            "sessions has of: each row is one session",
            id="runs-in-lists",
        ),
    ],
)
def test_sources_that_cannot_work_are_refused(sources, sentence):
    with pytest.raises(FeedOptionsError) as refused:
        build_feed(settings(sources=sources))

    assert sentence in str(refused.value)


def test_sessions_of_another_source_need_another_source():
    options = {"format": "json", "sessions": {"of": "x", "key": "y"}}

    with pytest.raises(FeedOptionsError, match=r"sessions\.of needs sources"):
        build_feed(PartnerSettings(PartnerCode("balai"), "file:x", options=options))
