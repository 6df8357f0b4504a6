"""What search engines find: a page per course, its JSON-LD, the sitemap and robots.txt.

Answers come from the request's snapshot.  Nothing may be kept without asking again
(`no-cache`), so that a course that is withdrawn or blocked is gone at once; who asks again
with the ETag gets 304.
"""

import asyncio
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.cache.base import Cache, Load
from gateway.catalogue.published import PublishedCourses
from gateway.catalogue.snapshot import Snapshot
from gateway.web.course_page import (
    CONTENT_SECURITY_POLICY,
    to_gone_page,
    to_missing_page,
    to_page,
)
from gateway.web.etags import etag_of, has
from gateway.web.linked_data import to_linked_data
from gateway.web.negotiation import preferences
from gateway.web.sitemap import to_robots, to_sitemap, to_sitemap_index
from schema.context import Context
from schema.ids import NodeKind, plain_id
from schema.model.catalogue import Course
from schema.model.values import CourseId, PartnerCode

HTML = "text/html"
LINKED_DATA = "application/ld+json"
SITEMAP_SECONDS = 60.0  # how long a finished part is kept; it is another with every revision


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages are made of; `base_url` is where the public finds us."""

    base_url: str
    courses: PublishedCourses
    cache: Cache
    snapshot: Callable[[], Snapshot]
    build_context: Callable[[], Context]

    def address(self, course_id: CourseId) -> str:
        """Return where a course's page is."""
        return f"{self.base_url}/courses/{course_id}"


def build_routes(site: Site) -> list[Route]:
    """Return the routes of everything that is published for the web."""

    async def page(request: Request) -> Response:
        media_type = to_media_type(request.headers.get("accept", ""))
        return await _answer_course(site, request, media_type)

    async def linked_data(request: Request) -> Response:
        return await _answer_course(site, request, LINKED_DATA)

    async def index(request: Request) -> Response:
        return await _answer_index(site, request)

    async def part(request: Request) -> Response:
        return await _answer_part(site, request, request.path_params["number"])

    async def robots(_request: Request) -> Response:
        return PlainTextResponse(to_robots(f"{site.base_url}/sitemap.xml"))

    return [
        Route("/courses/{course_id}.jsonld", linked_data),
        Route("/courses/{course_id}", page),
        Route("/sitemap.xml", index),
        Route("/sitemaps/{number:int}.xml", part),
        Route("/robots.txt", robots),
    ]


def to_media_type(accept: str) -> str:
    """Return what an `Accept` header wants more: JSON-LD, or the page."""
    wanted = dict(preferences(accept))
    return LINKED_DATA if wanted.get(LINKED_DATA, 0.0) > wanted.get(HTML, 0.0) else HTML


async def _answer_course(site: Site, request: Request, media_type: str) -> Response:
    asked = request.path_params["course_id"]
    context = site.build_context()
    course_id = CourseId(plain_id(NodeKind.COURSE, asked) or asked)  # global ids lead here too
    course = context.catalogue.course(course_id)
    if course is None:
        return _html(to_missing_page(), 404)
    if course.id != asked:
        suffix = ".jsonld" if request.url.path.endswith(".jsonld") else ""
        return RedirectResponse(site.address(course.id) + suffix, 308)
    if course.withdrawn:
        return _html(to_gone_page(course), 410)
    changed_at = await site.courses.read_changed_at(course.id)
    body = _to_body(site, course, context, media_type)
    return _fresh(request, body, media_type, changed_at)


def _to_body(site: Site, course: Course, context: Context, media_type: str) -> bytes:
    def name_of(code: PartnerCode) -> str:
        status = context.partners.status(code)
        return status.partner.name if status else code

    url = site.address(course.id)
    if media_type == LINKED_DATA:
        return orjson.dumps(to_linked_data(course, url, name_of, context.now))
    freshness_of = context.partners.offering_freshness
    return to_page(course, url, name_of, freshness_of, context.now).encode()


async def _answer_index(site: Site, request: Request) -> Response:
    snapshot = site.snapshot()

    async def load() -> bytes:
        parts = await asyncio.to_thread(site.courses.parts, snapshot)
        changed = [await site.courses.read_part_changed_at(part) for part in parts]
        addresses = (f"{site.base_url}/sitemaps/{n}.xml" for n in range(1, len(parts) + 1))
        return _packed(to_sitemap_index(zip(addresses, changed, strict=True)))

    return await _answer_sitemap(site, request, f"index:{snapshot.revision}", load)


async def _answer_part(site: Site, request: Request, number: int) -> Response:
    snapshot = site.snapshot()
    reader = site.build_context().catalogue
    parts = await asyncio.to_thread(site.courses.parts, snapshot)
    if not 1 <= number <= len(parts):
        return PlainTextResponse("There is no such part; see /sitemap.xml.\n", 404)
    part = parts[number - 1]

    async def load() -> bytes:
        changed = await site.courses.read_changes_of(part)
        pages = [(site.address(each), changed.get(each)) for each in part if reader.course(each)]
        return await asyncio.to_thread(lambda: _packed(to_sitemap(pages)))

    return await _answer_sitemap(site, request, f"{number}:{snapshot.revision}", load)


async def _answer_sitemap(site: Site, request: Request, name: str, load: Load) -> Response:
    packed = await site.cache.get_or_load(f"sitemap:{name}", load, SITEMAP_SECONDS)
    body = await asyncio.to_thread(gzip.decompress, packed)
    return _fresh(request, body, "application/xml", None)


def _packed(text: str) -> bytes:
    return gzip.compress(text.encode(), 6, mtime=0)


def _html(text: str, status: int = 200) -> Response:
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache"}
    return Response(text, status, headers, media_type=HTML)


def _fresh(request: Request, body: bytes, media_type: str, changed_at: datetime | None) -> Response:
    """Return `body`, or 304 to those who have it already."""
    etag = etag_of(body)
    headers = {
        "ETag": etag,
        "Cache-Control": "public, no-cache",
        "Vary": "Accept",
        "X-Content-Type-Options": "nosniff",
    }
    if changed_at is not None:
        headers["Last-Modified"] = format_datetime(changed_at.astimezone(UTC), usegmt=True)
    if media_type == HTML:
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    if _is_known(request, etag, changed_at):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, media_type=media_type)


def _is_known(request: Request, etag: str, changed_at: datetime | None) -> bool:
    """Return whether the client has this already; its ETag counts for more than its date."""
    known = request.headers.get("if-none-match")
    if known is not None:
        return has(known, etag)
    since = request.headers.get("if-modified-since")
    if since is None or changed_at is None:
        return False
    try:
        return changed_at.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):  # no date, or one without a zone
        return False
