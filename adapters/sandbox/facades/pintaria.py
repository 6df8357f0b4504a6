"""Pintaria's wire format (docs/partners/pintaria.md), served from a sandbox shop.

JSON:API: institutions, sessions and venues stand only in `included`, and `links.next`
is a relative reference on one page and an absolute address on the next.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.desk import Handler, build_enrolment_routes, is_same
from adapters.sandbox.world import SandboxOffering, SandboxSession, Shop
from schema.model.values import CourseLevel, DeliveryMode

LARGEST_PAGE = 50
MEDIA_TYPE = "application/vnd.api+json"
_LEVELS = {
    CourseLevel.BEGINNER: "beginner",
    CourseLevel.INTERMEDIATE: "intermediate",
    CourseLevel.ADVANCED: "advanced",
    CourseLevel.ALL: "all",
}
_MODES = {
    DeliveryMode.SELF_PACED: "self-paced",
    DeliveryMode.LIVE_ONLINE: "webinar",
    DeliveryMode.ONSITE: "classroom",
    DeliveryMode.BLENDED: "blended",
}

Resource = dict[str, Any]


def build_routes(shop: Shop) -> Sequence[web.RouteDef]:
    """Return the course collection and the enrolment desk."""

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not is_same(request.headers.get("X-Api-Key", ""), shop.secrets["api_key"]):
                return _fault(HTTPStatus.UNAUTHORIZED, "INVALID_KEY", "send X-Api-Key")
            return await handler(request)

        return guarded

    async def list_courses(request: web.Request) -> web.StreamResponse:
        number = _whole(request.query.get("page[number]", "1"))
        size = _whole(request.query.get("page[size]", "20"))
        if number < 1 or not 1 <= size <= LARGEST_PAGE:
            return _fault(HTTPStatus.BAD_REQUEST, "PAGE", "page[size] is from 1 to 50")
        rows = shop.offerings[(number - 1) * size : number * size]
        more = number * size < len(shop.offerings)
        document = {
            "data": [_course(row) for row in rows],
            "included": list(_included(rows, shop.book)),
            "links": {"self": str(request.rel_url), "next": _next(request, number, more=more)},
            "meta": {"total": len(shop.offerings)},
        }
        return _answer(document)

    return [
        web.get("/courses", guard(list_courses), allow_head=False),
        *build_enrolment_routes(shop.book, guard, _receipt, opened=_order, listed=_statement),
    ]


def _next(request: web.Request, number: int, *, more: bool) -> str | None:
    if not more:
        return None
    size = request.query.get("page[size]", "20")
    reference = f"/courses?{urlencode({'page[number]': number + 1, 'page[size]': size})}"
    return reference if number % 2 else f"{request.url.origin()}{reference}"


def _course(row: SandboxOffering) -> Resource:
    attributes = {
        "title": row.title,
        "summary": row.summary,
        "descriptionHtml": row.description_html,
        "subject": row.category,
        "level": _LEVELS.get(row.level),
        "mode": _MODES.get(row.delivery_mode),
        "duration": f"PT{row.duration_minutes // 60}H{row.duration_minutes % 60}M",
        "rating": row.rating,
        "ratingCount": row.rating_count,
        "image": row.image_url,
        "price": {"amount": row.price, "before": row.list_price, "currency": "IDR"},
        "bookable": row.bookable,
    }
    relationships = {
        "institution": {"data": _identity("institutions", _institution_id(row))},
        "sessions": {"data": [_identity("sessions", each.key) for each in row.sessions]},
    }
    return {
        **_identity("courses", row.key),
        "attributes": attributes,
        "relationships": relationships,
        "links": {"self": row.url},
    }


def _included(rows: Iterable[SandboxOffering], book: EnrolmentBook) -> Iterator[Resource]:
    names = {_institution_id(row): row.institution for row in rows}
    for key, name in names.items():
        yield {**_identity("institutions", key), "attributes": {"name": name}}
    for row in rows:
        for session in row.sessions:
            yield _session(row, session, book)
            yield _venue(session)


def _session(row: SandboxOffering, session: SandboxSession, book: EnrolmentBook) -> Resource:
    attributes = {
        "startsAt": session.starts_at.isoformat(),
        "endsAt": session.ends_at.isoformat(),
        "enrolBefore": session.enrolment_ends_at.isoformat(),
        "timezone": str(session.starts_at.tzinfo),
        "seats": session.capacity,
        "seatsLeft": book.seats_left(row.key, session),
    }
    venue = {"venue": {"data": _identity("venues", f"{session.key}-venue")}}
    return {
        **_identity("sessions", session.key),
        "attributes": attributes,
        "relationships": venue,
    }


def _venue(session: SandboxSession) -> Resource:
    attributes = {
        "name": session.venue_name,
        "address": session.address,
        "regionCode": session.region_code,
        "regionName": session.region_name,
    }
    return {**_identity("venues", f"{session.key}-venue"), "attributes": attributes}


def _identity(kind: str, key: str) -> Resource:
    return {"type": kind, "id": key}


def _institution_id(row: SandboxOffering) -> str:
    return blake2b(row.institution.encode(), digest_size=6).hexdigest()


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _order(body: Any) -> Mapping[str, Any]:
    """Take an enrolment resource apart."""
    resource = body["data"]
    session = resource["relationships"]["session"]["data"]
    return {
        **resource["attributes"],
        "reference": resource["id"],
        "offering": resource["relationships"]["course"]["data"]["id"],
        "session": session["id"] if session else None,
    }


def _receipt(receipt: Mapping[str, Any] | None, status: HTTPStatus) -> web.Response:
    if receipt is None:
        return _fault(status, "ENROLMENT", "reference unknown or request unreadable")
    return _answer({"data": _enrolment(receipt)}, status)


def _statement(statement: Mapping[str, Any] | None, status: HTTPStatus) -> web.Response:
    if statement is None:
        return _fault(status, "ENROLMENT", "day or cursor unreadable")
    meta = {name: value for name, value in statement.items() if name != "lines"}
    return _answer({"data": list(map(_enrolment, statement["lines"])), "meta": meta}, status)


def _enrolment(told: Mapping[str, Any]) -> Resource:
    attributes = {name: value for name, value in told.items() if name != "reference"}
    return {**_identity("enrolments", told["reference"]), "attributes": attributes}


def _answer(document: Resource, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    body = {"jsonapi": {"version": "1.1"}, **document}
    return web.json_response(body, status=status, content_type=MEDIA_TYPE)


def _fault(status: HTTPStatus, code: str, detail: str) -> web.Response:
    error = {"status": str(status.value), "code": code, "detail": detail}
    return web.json_response({"errors": [error]}, status=status, content_type=MEDIA_TYPE)
