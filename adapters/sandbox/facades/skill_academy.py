"""Skill Academy's wire format (docs/partners/skill_academy.md), served from a sandbox shop.

Cursors are signed with the time of their issue, and end after five minutes.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from aiohttp import web

from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.desk import Handler, build_enrolment_routes, is_same
from adapters.sandbox.world import SandboxOffering, SandboxSession, Shop
from schema.model.values import CourseLevel, DeliveryMode

PAGE_SIZE = 100
CURSOR_LIFE = timedelta(minutes=5)
_LEVELS = {
    CourseLevel.BEGINNER: "Pemula",
    CourseLevel.INTERMEDIATE: "Menengah",
    CourseLevel.ADVANCED: "Mahir",
    CourseLevel.ALL: "Semua Tingkat",
}
_DELIVERIES = {
    DeliveryMode.SELF_PACED: "self_paced",
    DeliveryMode.LIVE_ONLINE: "webinar",
    DeliveryMode.ONSITE: "classroom",
    DeliveryMode.BLENDED: "blended",
}


def build_routes(shop: Shop) -> Sequence[web.RouteDef]:
    """Return the course list and the enrolment desk, both behind the bearer token."""
    expected = f"Bearer {shop.secrets['token']}"

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not is_same(request.headers.get("Authorization", ""), expected):
                return _fault(HTTPStatus.UNAUTHORIZED, "TOKEN_INVALID")
            return await handler(request)

        return guarded

    async def list_courses(request: web.Request) -> web.StreamResponse:
        try:
            start = _opened(request.query.get("cursor"), shop)
        except TimeoutError:
            return _fault(HTTPStatus.GONE, "CURSOR_EXPIRED")
        except ValueError:
            return _fault(HTTPStatus.BAD_REQUEST, "CURSOR_INVALID")
        end = start + PAGE_SIZE
        rows = [_course(row, shop.book) for row in shop.offerings[start:end]]
        following = _cursor(end, shop) if end < len(shop.offerings) else None
        return web.json_response({"data": rows, "next_cursor": following})

    async def tell_quotes(request: web.Request) -> web.StreamResponse:
        try:
            wanted = set(map(str, (await request.json())["ids"]))
        except (ValueError, KeyError, TypeError):
            return _fault(HTTPStatus.BAD_REQUEST, "REQUEST_UNREADABLE")
        return web.json_response({"data": [_quote(row, shop.book) for row in shop.on_sale(wanted)]})

    return [
        web.post("/v1/quotes", guard(tell_quotes)),
        web.get("/v1/courses", guard(list_courses), allow_head=False),
        *build_enrolment_routes(shop.book, guard, _receipt),
    ]


def _cursor(start: int, shop: Shop) -> str:
    told = f"{start}.{int(shop.now().timestamp())}"
    return urlsafe_b64encode(f"{told}.{_signature(told, shop)}".encode()).decode()


def _opened(cursor: str | None, shop: Shop) -> int:
    """Return where `cursor` points; `TimeoutError` when too old, `ValueError` when forged."""
    if cursor is None:
        return 0
    start, issued, signature = urlsafe_b64decode(cursor.encode()).decode().split(".")
    if not is_same(signature, _signature(f"{start}.{issued}", shop)):
        raise ValueError("not one of ours")
    if shop.now() > datetime.fromtimestamp(int(issued), UTC) + CURSOR_LIFE:
        raise TimeoutError
    return int(start)


def _signature(told: str, shop: Shop) -> str:
    return hmac.new(shop.secrets["token"].encode(), told.encode(), sha256).hexdigest()[:20]


def _course(row: SandboxOffering, book: EnrolmentBook) -> dict[str, Any]:
    return {
        "id": row.key,
        "status": "archived" if row.archived else "published",
        "title": row.title,
        "provider": {"name": row.institution},
        "summary": row.summary,
        "description_html": row.description_html,
        "category": {"name": row.category},
        "level": _LEVELS.get(row.level),
        "duration_minutes": row.duration_minutes,
        "rating": {"average": row.rating, "count": row.rating_count},
        "image_url": row.image_url,
        "price": str(row.price),
        "list_price": None if row.list_price is None else str(row.list_price),
        "delivery": _DELIVERIES.get(row.delivery_mode),
        "bookable": row.bookable,
        "url": row.url,
        "batches": [_batch(row, session, book) for session in row.sessions],
    }


def _quote(row: SandboxOffering, book: EnrolmentBook) -> dict[str, Any]:
    batches = [
        {"id": session.key, "seats_left": book.seats_left(row.key, session)}
        for session in row.sessions
    ]
    return {"id": row.key, "price": str(row.price), "batches": batches}


def _batch(row: SandboxOffering, session: SandboxSession, book: EnrolmentBook) -> dict[str, Any]:
    return {
        "id": session.key,
        "timezone": str(session.starts_at.tzinfo),
        "starts_at": session.starts_at.isoformat(),
        "ends_at": session.ends_at.isoformat(),
        "registration_closes_at": session.enrolment_ends_at.isoformat(),
        "capacity": session.capacity,
        "seats_left": book.seats_left(row.key, session),
        "venue": {
            "name": session.venue_name,
            "address": session.address,
            "region_code": session.region_code,
            "region_name": session.region_name,
        },
    }


def _receipt(receipt: Mapping[str, Any] | None, status: HTTPStatus) -> web.Response:
    if receipt is None:
        unknown = status == HTTPStatus.NOT_FOUND
        return _fault(status, "REFERENCE_UNKNOWN" if unknown else "REQUEST_UNREADABLE")
    return web.json_response(receipt, status=status)


def _fault(status: HTTPStatus, code: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": status.phrase}}, status=status)
