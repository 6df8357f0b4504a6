"""Bukalapak's wire format (docs/partners/bukalapak.md), served from a sandbox shop.

Three surprises on purpose: a promoted product stands twice on the first page, so that
total and rows shift by one on the later ones; now and then a read is answered 429 with a
date to wait for; and the price must be worked out from list price and discount.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime
from hashlib import sha256
from http import HTTPStatus
from itertools import count
from typing import Any

from aiohttp import web

from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.desk import Handler, build_enrolment_routes, is_same
from adapters.sandbox.world import SandboxOffering, SandboxSession, Shop
from schema.model.values import CourseLevel, DeliveryMode

LARGEST_LIMIT = 50
CLOCK_SKEW_SECONDS = 300
THROTTLED_READ, THROTTLED_EVERY = 2, 40  # the second read of the list, then every fortieth
_LEVELS = {
    CourseLevel.BEGINNER: "beginner",
    CourseLevel.INTERMEDIATE: "intermediate",
    CourseLevel.ADVANCED: "expert",
    CourseLevel.ALL: "all_levels",
}
_METHODS = {
    DeliveryMode.SELF_PACED: "video",
    DeliveryMode.LIVE_ONLINE: "webinar",
    DeliveryMode.ONSITE: "in_class",
    DeliveryMode.BLENDED: "mixed",
}


def build_routes(shop: Shop) -> Sequence[web.RouteDef]:
    """Return the product list and the enrolment desk, both behind a signature."""
    reads = count(1)

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not _is_signed(request, await request.read(), shop):
                return _answer(None, HTTPStatus.UNAUTHORIZED, message="signature does not match")
            return await handler(request)

        return guarded

    async def list_products(request: web.Request) -> web.StreamResponse:
        offset = _whole(request.query.get("offset", "0"))
        limit = _whole(request.query.get("limit", "20"))
        if offset < 0 or not 1 <= limit <= LARGEST_LIMIT:
            return _answer(None, HTTPStatus.BAD_REQUEST, message="limit is from 1 to 50")
        if next(reads) % THROTTLED_EVERY == THROTTLED_READ:
            return _slow_down(shop)
        listed = _listed(shop.offerings, offset)
        products = [_product(row, shop.book) for row in listed[offset : offset + limit]]
        return _answer(products, offset=offset, limit=limit, total=len(listed))

    return [
        web.get("/products", guard(list_products), allow_head=False),
        *build_enrolment_routes(shop.book, guard, _receipt),
    ]


def _is_signed(request: web.Request, body: bytes, shop: Shop) -> bool:
    """Return whether our own key signed this request, a short while ago."""
    timestamp = request.headers.get("X-Timestamp", "")
    age = shop.now().timestamp() - max(_whole(timestamp), 0)
    lines = (request.method, request.raw_path, timestamp, sha256(body).hexdigest())
    key = shop.secrets["key_secret"].encode()
    wanted = hmac.new(key, "\n".join(lines).encode(errors="surrogateescape"), sha256).hexdigest()
    return (
        is_same(request.headers.get("X-Key-Id", ""), shop.secrets["key_id"])
        and is_same(request.headers.get("X-Signature", ""), wanted)
        and abs(age) <= CLOCK_SKEW_SECONDS
    )


def _listed(offerings: Sequence[SandboxOffering], offset: int) -> Sequence[SandboxOffering]:
    """Return the list as it stands while this page is read: the first has a promoted row."""
    return offerings if offset else [*offerings[-1:], *offerings]


def _slow_down(shop: Shop) -> web.Response:
    later = format_datetime(shop.now() + timedelta(seconds=1), usegmt=True)  # whole seconds
    response = _answer(None, HTTPStatus.TOO_MANY_REQUESTS, message="too many requests")
    response.headers["Retry-After"] = later
    return response


def _product(row: SandboxOffering, book: EnrolmentBook) -> dict[str, Any]:
    return {
        "id": row.key,
        "name": row.title,
        "store": {"name": row.institution},
        "short_description": row.summary,
        "description": row.description_html,
        "category": {"name": row.category},
        "price": row.price if row.list_price is None else row.list_price,
        "discount": _discount(row),
        "rating": {"average_rate": row.rating, "user_count": row.rating_count},
        "images": [row.image_url],
        "url": row.url,
        "bookable": row.bookable,
        "course": {
            "level": _LEVELS.get(row.level),
            "method": _METHODS.get(row.delivery_mode),
            "minutes": row.duration_minutes,
        },
        "schedules": [_schedule(row, session, book) for session in row.sessions],
    }


def _discount(row: SandboxOffering) -> dict[str, Any] | None:
    """Return how many percent are off: with as many digits as the price needs."""
    if not row.list_price:
        return None
    off = 100 * Decimal(row.list_price - row.price) / row.list_price
    return {"percent": float(round(off, 6))}


def _schedule(row: SandboxOffering, session: SandboxSession, book: EnrolmentBook) -> dict[str, Any]:
    return {
        "id": session.key,
        "start_time": session.starts_at.isoformat(),
        "end_time": session.ends_at.isoformat(),
        "registration_deadline": session.enrolment_ends_at.isoformat(),
        "timezone": str(session.starts_at.tzinfo),
        "quota": session.capacity,
        "remaining": book.seats_left(row.key, session),
        "location": {
            "name": session.venue_name,
            "address": session.address,
            "region": {"code": session.region_code, "name": session.region_name},
        },
    }


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else -1


def _receipt(receipt: Mapping[str, Any] | None, status: HTTPStatus) -> web.Response:
    message = "" if receipt else "reference unknown or request unreadable"
    return _answer(receipt, status, message=message)


def _answer(data: object, status: HTTPStatus = HTTPStatus.OK, **meta: object) -> web.Response:
    body = {"data": data, "meta": {"http_status": status.value, **meta}}
    return web.json_response(body, status=status)
