"""What the web finds of a catalogue on disk: pages, JSON-LD, sitemap and robots."""

from dataclasses import dataclass, field, fields, replace
from datetime import timedelta

import httpx
import pytest
from defusedxml import ElementTree
from sqlalchemy import exc
from starlette.applications import Starlette

from gateway.cache.memory import MemoryCache
from gateway.catalogue.changes import ChangeFeed
from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.partner_orders import PartnerOrders
from gateway.catalogue.published import PublishedCourses
from gateway.web.pages import Site, build_routes
from schema.context import Context
from schema.ids import NodeKind, to_global_id
from schema.model.catalogue import Course
from schema.model.viewer import ANONYMOUS
from tests.catalogue import NOON, ScriptedPartner, a_partner, an_offering, offerings
from tests.integration.catalogue.conftest import Workbench
from tests.unit.schema.fakes import FakeSeats

pytestmark = pytest.mark.anyio

BASE = "https://mitra.test"
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
LASTMOD = "{http://www.sitemaps.org/schemas/sitemap/0.9}lastmod"


@dataclass
class Web:
    """The published part of a gateway, without a socket."""

    bench: Workbench
    part_size: int = 2
    redirects: dict[str, Course] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.feed = ChangeFeed(self.bench.database)
        self.follower = CatalogueFollower(self.bench.store, [a_partner()], self.bench.clock)
        site = Site(
            BASE,
            PublishedCourses(self.bench.database, self.feed, self.part_size),
            MemoryCache(),
            lambda: self.follower.snapshot,
            self.context,
        )
        transport = httpx.ASGITransport(Starlette(routes=build_routes(site)))
        self.client = httpx.AsyncClient(transport=transport, base_url=BASE)

    def context(self) -> Context:
        reader, now = self.follower.reader(NOON), self.bench.clock.moment
        directory = self.follower.directory
        ports = dict.fromkeys(each.name for each in fields(Context))  # pages ask four of them
        asked = {
            "catalogue": Redirecting(reader, self.redirects),
            "partners": directory,
            "seats": FakeSeats(),
            "changes": self.feed.as_of(reader, self.follower.snapshot),
        }
        return Context(**{**ports, **asked, "now": now, "viewer": ANONYMOUS})  # type: ignore[arg-type]

    async def courses(self) -> list[Course]:
        await self.follower.refresh()
        found = self.follower.snapshot.courses.values()
        return sorted(found, key=lambda course: course.id)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(path, headers=named)


@dataclass
class Redirecting:
    """A reader to which some ids lead elsewhere, as merged ones do."""

    reader: object
    redirects: dict[str, Course]

    def course(self, course_id: str) -> Course | None:
        found: Course | None = self.redirects.get(course_id) or self.reader.course(course_id)  # type: ignore[attr-defined]  # a CatalogueReader
        return found


async def test_a_page_stands_at_the_courses_id(bench: Workbench):
    await bench.sync(ScriptedPartner([an_offering(summary="Kopi <b>enak</b>")]))
    web = Web(bench)
    [course] = await web.courses()

    answer = await web.get(f"/courses/{course.id}")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["last-modified"] == "Mon, 02 Mar 2026 12:01:00 GMT"
    assert answer.headers["cache-control"] == "public, no-cache"
    assert f'href="{BASE}/courses/{course.id}"' in answer.text
    assert "Tokopedia" in answer.text


async def test_linked_data_is_there_by_accept_and_by_address(bench: Workbench):
    await bench.sync(ScriptedPartner([an_offering()]))
    web = Web(bench)
    [course] = await web.courses()

    negotiated = await web.get(f"/courses/{course.id}", accept="application/ld+json")
    named = await web.get(f"/courses/{course.id}.jsonld")

    assert negotiated.headers["content-type"] == "application/ld+json"
    assert negotiated.headers["vary"] == "Accept"
    assert negotiated.json() == named.json()
    assert named.json()["name"] == "Barista Dasar"


async def test_who_has_it_already_is_told_so(bench: Workbench):
    partner = ScriptedPartner([an_offering()])
    await bench.sync(partner)
    web = Web(bench)
    [course] = await web.courses()
    path = f"/courses/{course.id}"
    first = await web.get(path)
    date = first.headers["last-modified"]

    assert (await web.get(path, if_none_match=f"W/{first.headers['etag']}")).status_code == 304
    assert (await web.get(path, if_none_match="*")).status_code == 304
    assert (
        await web.get(path, if_modified_since=date)
    ).status_code == 200  # clock, seats, partners
    assert (await web.get(path, if_none_match='"x"', if_modified_since=date)).status_code == 200

    partner.lists([an_offering(price=1)])
    await bench.sync(partner)
    await web.courses()
    changed = await web.get(path, if_none_match=first.headers["etag"])
    assert changed.status_code == 200
    assert changed.headers["last-modified"] == "Mon, 02 Mar 2026 12:02:00 GMT"


async def test_a_page_says_what_graphql_says_of_a_paused_partner(bench: Workbench):
    await bench.sync(ScriptedPartner([an_offering()]))
    web, orders = Web(bench), PartnerOrders(bench.database, bench.clock)
    [course] = await web.courses()
    path = f"/courses/{course.id}"
    before = await web.get(f"{path}.jsonld")

    await orders.pause(course.offerings[0].partner)
    await web.courses()
    paused = await web.get(f"{path}.jsonld", if_none_match=before.headers["etag"])

    assert before.json()["hasCourseInstance"]
    assert "hasCourseInstance" not in paused.json()
    assert paused.json()["offers"][0]["availability"] == "https://schema.org/OutOfStock"
    assert "Pendaftaran sedang ditutup" in (await web.get(path)).text
    assert str(course.id) in (await web.get("/sitemaps/1.xml")).text  # as `courses` lists it


async def test_a_page_is_there_while_the_database_is_away(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    await bench.sync(ScriptedPartner([an_offering()]))
    web = Web(bench)
    [course] = await web.courses()

    async def away(*_: object) -> None:
        raise exc.TimeoutError("no connection")

    monkeypatch.setattr(bench.database, "read", away)
    page, sitemap = await web.get(f"/courses/{course.id}"), await web.get("/sitemap.xml")

    assert (page.status_code, "last-modified" in page.headers) == (200, False)
    assert (sitemap.status_code, sitemap.headers["retry-after"]) == (503, "5")


async def test_ids_lead_to_the_one_address(bench: Workbench):
    await bench.sync(ScriptedPartner([an_offering()]))
    web = Web(bench)
    [course] = await web.courses()
    web.redirects["merged"] = course
    there = f"{BASE}/courses/{course.id}"

    by_global_id = await web.get(f"/courses/{to_global_id(NodeKind.COURSE, course.id)}")
    merged = await web.get("/courses/merged.jsonld")

    assert (by_global_id.status_code, by_global_id.headers["location"]) == (308, there)
    assert (merged.status_code, merged.headers["location"]) == (308, f"{there}.jsonld")


async def test_what_is_gone_is_gone_and_what_never_was_is_not_found(bench: Workbench):
    partner = ScriptedPartner(offerings(6))
    await bench.sync(partner)
    partner.lists(offerings(5))
    await bench.sync(partner)
    web = Web(bench)
    [withdrawn] = [course for course in await web.courses() if course.withdrawn]

    gone = await web.get(f"/courses/{withdrawn.id}")
    never = await web.get("/courses/%3Cscript%3E")

    assert (gone.status_code, never.status_code) == (410, 404)
    assert "tidak lagi ditawarkan" in gone.text
    assert "<script>" not in never.text


async def test_the_sitemap_leads_to_every_course_in_parts(bench: Workbench):
    await bench.sync(ScriptedPartner(offerings(5)))
    web = Web(bench)
    courses = await web.courses()

    index = ElementTree.fromstring((await web.get("/sitemap.xml")).text)
    parts = [
        ElementTree.fromstring((await web.get(each.text.removeprefix(BASE))).text)
        for each in index.iter(LOC)
    ]

    assert [len(list(part.iter(LOC))) for part in parts] == [2, 2, 1]
    assert [loc.text for part in parts for loc in part.iter(LOC)] == [
        f"{BASE}/courses/{course.id}" for course in courses
    ]
    assert {each.text for part in (index, *parts) for each in part.iter(LASTMOD)} == {
        "2026-03-02T12:01:00Z"
    }
    for number in ("0", "4", "01", "1e0", "-1", "9" * 5_000):
        assert (await web.get(f"/sitemaps/{number}.xml")).status_code == 404


async def test_the_sitemap_is_another_when_the_catalogue_is(bench: Workbench):
    partner = ScriptedPartner(offerings(2))
    await bench.sync(partner)
    web = Web(bench)
    await web.courses()
    etag = (await web.get("/sitemaps/1.xml")).headers["etag"]
    assert (await web.get("/sitemaps/1.xml", if_none_match=etag)).status_code == 304

    bench.clock.turn(hours=1)
    partner.lists([replace(each, price=None) for each in offerings(2)])
    await bench.sync(partner)
    await web.courses()

    again = await web.get("/sitemaps/1.xml", if_none_match=etag)
    assert again.status_code == 200
    assert f"{NOON + timedelta(hours=1, minutes=2):%H:%M}" in again.text


async def test_an_empty_catalogue_has_an_empty_sitemap(bench: Workbench):
    web = Web(bench)
    await web.courses()

    assert (await web.get("/sitemap.xml")).status_code == 200
    assert f"Sitemap: {BASE}/sitemap.xml" in (await web.get("/robots.txt")).text
