"""Pijar Mahir's wire format (docs/partners/pijar_mahir.md), served from a sandbox shop.

Its surprises are those of the real site's records: prose in nested tags, three ways to
write a duration, zero dates, booleans as text, a category in two spellings, filler behind
names; and a page begins with the row that ended the one before.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from http import HTTPStatus
from typing import Any

from aiohttp import web

from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.desk import Handler, build_enrolment_routes, is_same
from adapters.sandbox.indonesian import to_zone
from adapters.sandbox.world import SandboxOffering, SandboxSession, Shop
from schema.model.values import CourseLevel, DeliveryMode

PAGE_LENGTH = 60
NO_DATE = "0000-00-00 00:00:00"
_LEVELS = {
    CourseLevel.BEGINNER: "Basic / Tingkat dasar",
    CourseLevel.INTERMEDIATE: "Intermediate / Tingkat menengah",
    CourseLevel.ADVANCED: "Advance / Tingkat lanjut",
    CourseLevel.ALL: "Semua tingkat",
}
_TYPES = {
    DeliveryMode.SELF_PACED: "Pembelajaran Mandiri",
    DeliveryMode.LIVE_ONLINE: "Webinar",
    DeliveryMode.ONSITE: "Tatap Muka",
    DeliveryMode.BLENDED: "Kombinasi",
}
_FILLERS = ("", " .", " -")  # behind some institutions' names


def build_routes(shop: Shop) -> Sequence[web.RouteDef]:
    """Return the course list and the enrolment desk, both behind Basic authentication."""
    pair = f"{shop.secrets['username']}:{shop.secrets['password']}"
    expected = f"Basic {b64encode(pair.encode()).decode()}"

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not is_same(request.headers.get("Authorization", ""), expected):
                return _fault(HTTPStatus.UNAUTHORIZED, "nama atau sandi salah")
            return await handler(request)

        return guarded

    async def list_courses(request: web.Request) -> web.StreamResponse:
        asked = request.query.get("page", "1")
        if not asked.isdecimal() or int(asked) < 1:
            return _fault(HTTPStatus.BAD_REQUEST, "page dihitung dari 1")
        rows = [
            _course(number, shop.offerings[number], shop.book)
            for number in _numbers(int(asked), len(shop.offerings))
        ]
        return _answer(rows)

    return [
        web.get("/api/courses", guard(list_courses), allow_head=False),
        *build_enrolment_routes(shop.book, guard, _receipt),
    ]


def _numbers(page: int, count: int) -> range:
    """Return which rows a page shows: its own, and first the last of the page before."""
    start = (page - 1) * PAGE_LENGTH
    if start >= count:
        return range(0)
    return range(max(0, start - 1), min(start + PAGE_LENGTH, count))


def _course(number: int, row: SandboxOffering, book: EnrolmentBook) -> dict[str, Any]:
    return {
        "id": int(row.key) if row.key.isdecimal() else row.key,
        "category_name": _category(number, row.category),
        "coursetype": _TYPES.get(row.delivery_mode, ""),
        "fullname": row.title,
        "duration": _duration(number, row.duration_minutes),
        "price": row.price if row.list_price is None else row.list_price,
        "priceAfter": None if row.list_price is None else row.price,
        "rating": row.rating,
        "totalrater": row.rating_count,
        "summary": _template(row),
        "teacher": row.institution + _FILLERS[number % len(_FILLERS)],
        "tag": "paid" if row.price else "free",
        "whislisted": "false",
        "owned": "false",
        "partnerCheckout": "true" if row.bookable else "false",
        "classStatus": "archived" if row.archived else "available",
        "thumbnail": row.image_url,
        "url": row.url,
        "schedules": [_schedule(row, session, book) for session in row.sessions],
        "created_at": NO_DATE,
        "updated_at": "2022-12-15 07:42:13",
    }


def _category(number: int, name: str) -> str:
    return name if number % 3 else name.lower().replace(" ", "-")


def _duration(number: int, minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if not rest:
        return f"{hours} Jam"
    return f"{minutes} {('menit', 'Menit')[number % 2]}"


def _template(row: SandboxOffering) -> str:
    level = _LEVELS.get(row.level)
    stated = f"<p><span><br><b>Level Pelatihan</b></span></p><p>{level}</p>" if level else ""
    method = _TYPES.get(row.delivery_mode, "-")
    return (
        "<p></p><p><span><b>Deskripsi Pelatihan<br></b></span></p>"
        f"<p><span>{escape(row.summary)}&nbsp;<br></span></p><p><br></p>"
        f"<p><b>Metode Pembelajaran</b></p><p>{method}</p>{stated}{row.description_html}"
    )


def _schedule(row: SandboxOffering, session: SandboxSession, book: EnrolmentBook) -> dict[str, Any]:
    return {
        "id": session.key,
        "start": _local(session.starts_at),
        "end": _local(session.ends_at),
        "registration_end": _local(session.enrolment_ends_at),
        "timezone": to_zone(session.starts_at),
        "place": session.venue_name,
        "address": session.address,
        "region_code": session.region_code,
        "region": session.region_name,
        "quota": str(session.capacity),
        "available": str(book.seats_left(row.key, session)),
    }


def _local(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _receipt(receipt: Mapping[str, Any] | None, status: HTTPStatus) -> web.Response:
    if receipt is None:
        return _fault(status, "reference tidak dikenal atau isi tidak terbaca")
    return _answer(receipt, status)


def _answer(data: object, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.json_response({"status": "success", "message": "", "data": data}, status=status)


def _fault(status: HTTPStatus, message: str) -> web.Response:
    body = {"status": "error", "message": message, "data": None}
    return web.json_response(body, status=status)
