"""Tokopedia's wire format (docs/partners/tokopedia.md), served from a sandbox shop.

Two surprises on purpose: a token ends after a few reads, in the middle of a page walk,
and a missing permission is an HTTP 500.
"""

import secrets
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.desk import Handler, build_enrolment_routes, is_same
from adapters.sandbox.indonesian import to_zone
from adapters.sandbox.world import SandboxOffering, SandboxSession, Shop
from schema.model.values import CourseLevel, DeliveryMode

LARGEST_PAGE = 50
READS_PER_TOKEN = 3
TOKEN_SECONDS = 300
SCOPES = frozenset({"catalogue", "enrolment"})
_LEVELS = {
    CourseLevel.BEGINNER: "Pemula",
    CourseLevel.INTERMEDIATE: "Menengah",
    CourseLevel.ADVANCED: "Mahir",
    CourseLevel.ALL: "Semua Tingkat",
}
_METHODS = {
    DeliveryMode.SELF_PACED: "Mandiri",
    DeliveryMode.LIVE_ONLINE: "Daring Langsung",
    DeliveryMode.ONSITE: "Tatap Muka",
    DeliveryMode.BLENDED: "Campuran",
}


def build_routes(shop: Shop) -> Sequence[web.RouteDef]:
    """Return the token endpoint, the product list and the enrolment desk."""
    tokens = _Tokens(shop.secrets)

    async def list_products(request: web.Request) -> web.StreamResponse:
        page = _whole(request.query.get("page", "1"))
        per_page = _whole(request.query.get("per_page", "10"))
        if page < 1 or not 1 <= per_page <= LARGEST_PAGE:
            return _fault(HTTPStatus.BAD_REQUEST, "PRD_PAGE_SIZE", "per_page is from 1 to 50")
        rows = shop.offerings[(page - 1) * per_page : page * per_page]
        products = [_product(row, shop.book) for row in rows]
        return _answer({"total_data": len(shop.offerings), "products": products})

    async def tell_products(request: web.Request) -> web.StreamResponse:
        wanted = set(request.query.get("product_id", "").split(","))
        return _answer([_stock(row, shop.book) for row in shop.on_sale(wanted)])

    return [
        web.get("/v1/products/info", tokens.guard("catalogue", tell_products), allow_head=False),
        web.post("/token", tokens.grant),
        web.get("/v1/products", tokens.guard("catalogue", list_products), allow_head=False),
        *build_enrolment_routes(
            shop.book, lambda handler: tokens.guard("enrolment", handler), _receipt
        ),
    ]


class _Tokens:
    """Access tokens: what each may do, and how many reads of the catalogue it has left."""

    def __init__(self, client: Mapping[str, str]) -> None:
        pair = f"{client['client_id']}:{client['client_secret']}"
        self._basic = f"Basic {b64encode(pair.encode()).decode()}"
        self._scopes: dict[str, frozenset[str]] = {}
        self._reads_left: dict[str, int] = {}

    async def grant(self, request: web.Request) -> web.Response:
        """Answer a request for a token."""
        if not is_same(request.headers.get("Authorization", ""), self._basic):
            return web.json_response({"error": "invalid_client"}, status=401)
        form = await request.post()
        if form.get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        token = f"c:{secrets.token_urlsafe(16)}"
        asked = frozenset(str(form.get("scope", "")).split())
        self._scopes[token] = asked & SCOPES or SCOPES
        self._reads_left[token] = READS_PER_TOKEN
        return web.json_response(
            {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        )

    def guard(self, scope: str, handler: Handler) -> Handler:
        """Return `handler`, behind a live token with `scope`."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if not self._is_live(token, scope):
                return _fault(HTTPStatus.UNAUTHORIZED, "AUTH_TOKEN_EXPIRED", "token has ended")
            if scope not in self._scopes[token]:
                return _fault(
                    HTTPStatus.INTERNAL_SERVER_ERROR, "ORD_USC_015", "permission not granted"
                )
            return await handler(request)

        return guarded

    def _is_live(self, token: str, scope: str) -> bool:
        if token not in self._scopes:
            return False
        if scope == "catalogue":  # enrolments do not wear a token out: they come in parallel
            self._reads_left[token] -= 1
        if self._reads_left[token] >= 0:
            return True
        del self._scopes[token], self._reads_left[token]
        return False


def _product(row: SandboxOffering, book: EnrolmentBook) -> dict[str, Any]:
    return {
        "product_id": int(row.key) if row.key.isdecimal() else row.key,
        "name": row.title,
        "short_desc": row.summary,
        "description": row.description_html,
        "category": {"name": row.category},
        "price": {
            "value": row.price,
            "currency": "IDR",
            "original_value": row.list_price or 0,
        },
        "rating": {"average": row.rating, "count": row.rating_count},
        "pictures": [{"url": row.image_url}],
        "url": row.url,
        "attributes": _attributes(_course_fields(row)),
        "variants": [_variant(row, session, book) for session in row.sessions],
    }


def _stock(row: SandboxOffering, book: EnrolmentBook) -> dict[str, Any]:
    product = _product(row, book)
    return {name: product[name] for name in ("product_id", "price", "variants")}


def _course_fields(row: SandboxOffering) -> Iterator[tuple[str, str | None]]:
    yield "Lembaga", row.institution
    yield "Durasi", _duration(row.duration_minutes)
    yield "Level", _LEVELS.get(row.level)
    yield "Metode", _METHODS.get(row.delivery_mode)
    yield "Bisa Dipesan", "Ya" if row.bookable else "Tidak"
    yield "Paket", "Ya" if row.bundle else None


def _duration(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} jam"] * bool(hours) + [f"{rest} menit"] * bool(rest)
    return " ".join(parts)


def _variant(row: SandboxOffering, session: SandboxSession, book: EnrolmentBook) -> dict[str, Any]:
    return {
        "variant_id": session.key,
        "stock": book.seats_left(row.key, session),
        "attributes": _attributes(_session_fields(session)),
    }


def _session_fields(session: SandboxSession) -> Iterator[tuple[str, str | None]]:
    zone = to_zone(session.starts_at)
    yield "Jadwal", f"{_local(session.starts_at)} - {_local(session.ends_at)} {zone}"
    yield "Batas Daftar", f"{_local(session.enrolment_ends_at)} {zone}"
    yield "Kuota", str(session.capacity)
    yield "Lokasi", session.venue_name
    yield "Alamat", session.address
    yield "Kode Wilayah", session.region_code
    yield "Wilayah", session.region_name


def _attributes(fields: Iterator[tuple[str, str | None]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in fields if value]


def _local(moment: datetime) -> str:
    return moment.strftime("%d-%m-%Y %H:%M")


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _receipt(receipt: Mapping[str, Any] | None, status: HTTPStatus) -> web.Response:
    if receipt is None:
        return _fault(status, "ENR_REFERENCE", "reference unknown or request unreadable")
    return _answer(receipt, status)


def _answer(data: object, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    header = {"process_time": 0.004, "messages": "", "reason": "", "error_code": ""}
    return web.json_response({"header": header, "data": data}, status=status)


def _fault(status: HTTPStatus, code: str, reason: str) -> web.Response:
    header = {"process_time": 0.001, "messages": reason, "reason": reason, "error_code": code}
    return web.json_response({"header": header, "data": None}, status=status)
