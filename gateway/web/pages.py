"""What search engines find: a page per course, its JSON-LD, the sitemap and robots.txt.

Answers come from the request's snapshot.  Nothing may be kept without asking again
(`no-cache`), so that a course that is withdrawn or blocked is gone at once; who asks again
with the ETag gets 304.  A date is not enough for that: what is said depends on the clock, on
seats and on how partners stand, too.
"""

import asyncio
import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

import orjson
import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.cache.base import Cache, Load
from gateway.catalogue.published import PublishedCourses
from gateway.catalogue.snapshot import Snapshot
from gateway.execution.etags import etag_of, has
from gateway.web.course_page import (
    CONTENT_SECURITY_POLICY,
    to_gone_page,
    to_missing_page,
    to_page,
)
from gateway.web.linked_data import Standing, to_linked_data
from gateway.web.negotiation import preferences
from gateway.web.sitemap import to_robots, to_sitemap, to_sitemap_index
from gateway.web.surprises import RETRY_SECONDS
from schema.availability import offering_availability
from schema.context import Context
from schema.ids import NodeKind, plain_id
from schema.model.catalogue import Course
from schema.model.values import CourseId, PartnerCode

HTML = "text/html"
LINKED_DATA = "application/ld+json"
SITEMAP_SECONDS = 60.0  # how long a finished part is kept; it is another with every revision
_PART = re.compile(r"[1-9][0-9]{0,5}")

log = structlog.get_logger(__name__)


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
        told = request.path_params["number"]
        number = int(told) if _PART.fullmatch(told) else 0
        return await _answer_part(site, request, number)

    async def robots(_request: Request) -> Response:
        return PlainTextResponse(to_robots(f"{site.base_url}/sitemap.xml"))

    return [
        Route("/courses/{course_id}.jsonld", linked_data),
        Route("/courses/{course_id}", page),
        Route("/sitemap.xml", index),
        Route("/sitemaps/{number}.xml", part),
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
    changed_at = await _read_changed_at(site, course.id)
    body = _to_body(site, course, context, media_type)
    return _fresh(request, body, media_type, changed_at)


async def _read_changed_at(site: Site, course_id: CourseId) -> datetime | None:
    """Return when a course last changed; None while the database is away: the page is not."""
    try:
        return await site.courses.read_changed_at(course_id)
    except SQLAlchemyError as exc:
        log.warning("pages.unavailable", error=type(exc).__name__)
        return None


def _to_body(site: Site, course: Course, context: Context, media_type: str) -> bytes:
    url, standing = site.address(course.id), to_standing(context)
    if media_type == LINKED_DATA:
        return orjson.dumps(to_linked_data(course, url, standing))
    return to_page(course, url, standing).encode()


def to_standing(context: Context) -> Standing:
    """Return how offerings stand, as GraphQL would tell it now."""
    partners, taken, now = context.partners, context.seats.taken, context.now
    closed = partners.closed

    def name_of(code: PartnerCode) -> str:
        status = partners.status(code)
        return status.partner.name if status else code

    return Standing(
        name_of,
        lambda offering: offering_availability(offering, taken, now, closed),
        partners.offering_freshness,
        now,
    )


async def _answer_index(site: Site, request: Request) -> Response:
    snapshot = site.snapshot()

    async def load() -> bytes:
        parts = await asyncio.to_thread(site.courses.parts, snapshot)
        changed = [await site.courses.read_part_changed_at(part) for part in parts]
        addresses = (f"{site.base_url}/sitemaps/{n}.xml" for n in range(1, len(parts) + 1))
        return _packed(to_sitemap_index(zip(addresses, changed, strict=True)))

    return await _answer_sitemap(site, request, f"index:{snapshot.name}", load)


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

    return await _answer_sitemap(site, request, f"{number}:{snapshot.name}", load)


async def _answer_sitemap(site: Site, request: Request, name: str, load: Load) -> Response:
    try:
        packed = await site.cache.get_or_load(f"sitemap:{name}", load, SITEMAP_SECONDS)
    except SQLAlchemyError as exc:
        log.warning("pages.unavailable", error=type(exc).__name__)
        headers = {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"}
        return PlainTextResponse("This cannot be told just now; come again.\n", 503, headers)
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
    if has(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, media_type=media_type)
