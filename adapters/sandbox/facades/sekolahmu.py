"""Sekolah.mu's wire format (docs/partners/sekolahmu.md), served from a sandbox shop.

A real, small GraphQL server.  Two surprises on purpose: every failure is an HTTP 200
with `errors`, and one course of the first page cannot be resolved, so that its node is
null while the rest of the page stands.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from aiohttp import web
from graphql import GraphQLError, build_schema, graphql_sync

from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.desk import Handler, build_enrolment_routes, is_same
from adapters.sandbox.world import SandboxOffering, SandboxSession, Shop
from schema.model.values import CourseLevel, DeliveryMode

LARGEST_PAGE = 50
SCHEMA = build_schema(
    files("adapters.sandbox.facades").joinpath("sekolahmu.graphql").read_text(encoding="utf-8")
)
_LEVELS = {
    CourseLevel.BEGINNER: "DASAR",
    CourseLevel.INTERMEDIATE: "MENENGAH",
    CourseLevel.ADVANCED: "LANJUTAN",
    CourseLevel.ALL: "SEMUA",
}
_FORMATS = {
    DeliveryMode.SELF_PACED: "MANDIRI",
    DeliveryMode.LIVE_ONLINE: "LIVE",
    DeliveryMode.ONSITE: "TATAP_MUKA",
    DeliveryMode.BLENDED: "HYBRID",
}


def build_routes(shop: Shop) -> Sequence[web.RouteDef]:
    """Return the GraphQL endpoint and the enrolment desk."""

    def is_known(request: web.Request) -> bool:
        wanted = f"Bearer {shop.secrets['token']}"
        return is_same(request.headers.get("Authorization", ""), wanted)

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not is_known(request):
                return _fault(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED")
            return await handler(request)

        return guarded

    async def answer_query(request: web.Request) -> web.StreamResponse:
        if not is_known(request):
            return _fault(HTTPStatus.OK, "UNAUTHENTICATED")
        try:
            body = await request.json()
            query, variables = str(body["query"]), dict(body.get("variables") or {})
        except (ValueError, KeyError, TypeError, AttributeError):
            return _fault(HTTPStatus.OK, "BAD_USER_INPUT")
        result = graphql_sync(SCHEMA, query, _Root(shop), variable_values=variables)
        return web.json_response(result.formatted)

    return [
        web.post("/graphql", answer_query),
        *build_enrolment_routes(
            shop.book, guard, _receipt, opened=lambda body: body["input"], listed=_statement
        ),
    ]


class _Root:
    """The root of a query: `courses`, as the executor calls it."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def courses(self, _info: object, first: int, after: str | None = None) -> dict[str, Any]:
        """Resolve one part of the connection."""
        if not 1 <= first <= LARGEST_PAGE:
            raise GraphQLError("first is from 1 to 50", extensions={"code": "BAD_USER_INPUT"})
        start = self._position(after)
        rows = self._shop.offerings[start : start + first]
        edges = [{"cursor": _cursor(row), "node": _node(row, self._shop.book)} for row in rows]
        page_info = {
            "hasNextPage": start + first < len(self._shop.offerings),
            "endCursor": _cursor(rows[-1]) if rows else after,
        }
        if after is None and rows:
            edges.insert(1, _broken_edge())
        total = len(self._shop.offerings) + 1  # with the broken one
        return {"totalCount": total, "edges": edges, "pageInfo": page_info}

    def coursesById(self, _info: object, ids: Sequence[str]) -> list[dict[str, Any] | None]:  # noqa: N802 - the schema's name
        """Resolve courses in the order of their ids; null for those that are not sold."""
        sold = {row.key: row for row in self._shop.on_sale(ids)}
        return [_node(sold[each], self._shop.book) if each in sold else None for each in ids]

    def _position(self, after: str | None) -> int:
        if after is None:
            return 0
        try:
            key = urlsafe_b64decode(after).decode()
        except (binascii.Error, ValueError):
            key = None
        for index, row in enumerate(self._shop.offerings):
            if row.key == key:
                return index + 1
        raise GraphQLError("cursor is not ours", extensions={"code": "INVALID_CURSOR"})


def _broken_edge() -> dict[str, Any]:
    broken = GraphQLError("course could not be loaded", extensions={"code": "INTERNAL"})
    return {"cursor": "ZHJhZnQ", "node": broken}


def _cursor(row: SandboxOffering) -> str:
    return urlsafe_b64encode(row.key.encode()).decode()


def _node(row: SandboxOffering, book: EnrolmentBook) -> dict[str, Any]:
    return {
        "id": row.key,
        "title": row.title,
        "institution": {"name": row.institution},
        "excerpt": row.summary,
        "bodyHtml": row.description_html,
        "topic": {"name": row.category},
        "level": _LEVELS.get(row.level),
        "format": _FORMATS.get(row.delivery_mode),
        "durationMinutes": row.duration_minutes,
        "rating": {"average": row.rating, "count": row.rating_count},
        "coverUrl": row.image_url,
        "webUrl": row.url,
        "price": {
            "amount": row.price,
            "strikethrough": row.list_price,
            "currency": "IDR",
        },
        "bookable": row.bookable,
        "batches": list(_batches(row, book)),
    }


def _batches(row: SandboxOffering, book: EnrolmentBook) -> Iterator[dict[str, Any]]:
    for session in row.sessions:
        yield {
            "id": session.key,
            "startsAt": session.starts_at.isoformat(),
            "endsAt": session.ends_at.isoformat(),
            "enrolBefore": session.enrolment_ends_at.isoformat(),
            "timeZone": str(session.starts_at.tzinfo),
            "seats": {"total": session.capacity, "left": book.seats_left(row.key, session)},
            "venue": _venue(session),
        }


def _venue(session: SandboxSession) -> dict[str, Any]:
    return {
        "name": session.venue_name,
        "address": session.address,
        "region": {"code": session.region_code, "name": session.region_name},
    }


def _receipt(receipt: Mapping[str, Any] | None, status: HTTPStatus) -> web.Response:
    if receipt is None:
        return _fault(status, "NOT_FOUND" if status == HTTPStatus.NOT_FOUND else "BAD_USER_INPUT")
    return web.json_response({"data": {"enrolment": receipt}, "errors": []}, status=status)


def _statement(statement: Mapping[str, Any] | None, status: HTTPStatus) -> web.Response:
    return web.json_response({"data": {"statement": statement}, "errors": []}, status=status)


def _fault(status: HTTPStatus, code: str) -> web.Response:
    error = {"message": code.replace("_", " ").lower(), "extensions": {"code": code}}
    return web.json_response({"data": None, "errors": [error]}, status=status)
