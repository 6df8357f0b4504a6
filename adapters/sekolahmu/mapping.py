"""Sekolah.mu's GraphQL answers to canonical records (docs/partners/sekolahmu.md).

Pure: no I/O, no clock.  Surprises: whatever goes wrong is an HTTP 200 with `errors`
(adapters/sekolahmu/failures.py); and part of a page may be missing, with a null node
and an error whose path leads there.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import orjson

from adapters.base import Booking, Page
from adapters.enrolments import EnrolmentCodec, to_fields
from adapters.errors import PartnerContractError
from adapters.parsing import (
    Record,
    RowError,
    Vocabulary,
    category,
    flag,
    local_time,
    minutes,
    optional_text,
    optional_url,
    page,
    price,
    rating,
    records,
    remote_id,
    text,
    title,
    whole,
)
from adapters.sekolahmu.failures import raise_for_errors, to_edge_errors
from schema.model.catalogue import ListedCourse, Offering, Session, UnknownTerm, Venue
from schema.model.values import CourseLevel, DeliveryMode, EnrolmentMode, PartnerCode

QUERY = """
query Catalogue($first: Int!, $after: String) {
  courses(first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges {
      cursor
      node {
        id title institution { name } excerpt bodyHtml topic { name } level format
        durationMinutes rating { average count } coverUrl webUrl
        price { amount strikethrough currency } bookable
        batches {
          id startsAt endsAt enrolBefore timeZone seats { total left }
          venue { name address region { code name } }
        }
      }
    }
  }
}
"""
LEVELS = Vocabulary(
    {
        "DASAR": CourseLevel.BEGINNER,
        "MENENGAH": CourseLevel.INTERMEDIATE,
        "LANJUTAN": CourseLevel.ADVANCED,
        "SEMUA": CourseLevel.ALL,
    },
    unknown=CourseLevel.UNKNOWN,
)
FORMATS = Vocabulary(
    {
        "MANDIRI": DeliveryMode.SELF_PACED,
        "LIVE": DeliveryMode.LIVE_ONLINE,
        "TATAP_MUKA": DeliveryMode.ONSITE,
        "HYBRID": DeliveryMode.BLENDED,
    },
    unknown=DeliveryMode.UNKNOWN,
)


def to_page(body: Any, partner: PartnerCode) -> Page:
    """Translate one part of the connection.

    Raises the `PartnerError` that an error about the whole page stands for.
    """
    raise_for_errors(body, partner)
    edges = records(body, "data.courses.edges", partner=partner)
    connection = body["data"]["courses"]
    total = connection.get("totalCount")
    return page(
        to_rows(edges, to_edge_errors(body)),
        partial(to_offering, partner),
        next_cursor=to_next(connection.get("pageInfo"), partner),
        total=total if isinstance(total, int) else None,
    )


def to_next(info: Any, partner: PartnerCode) -> str | None:
    """Return the cursor of the next part, or None after the last."""
    match info:
        case {"hasNextPage": False}:
            return None
        case {"hasNextPage": True, "endCursor": str(cursor)} if cursor:
            return cursor
    raise PartnerContractError(partner, "its connection does not say whether it goes on")


def to_rows(edges: Iterable[Any], errors: Mapping[int, str]) -> Iterator[Any]:
    """Yield each edge's node; for an edge without one, what is known of it."""
    for position, edge in enumerate(edges):
        node = edge.get("node") if isinstance(edge, Mapping) else edge
        reason = errors.get(position, "has no node")
        yield {"edge": edge, "missing": reason} if node is None else node


def to_offering(partner: PartnerCode, node: Record) -> Offering:
    """Translate one course."""
    if "missing" in node:
        raise RowError(node["missing"])
    terms: list[UnknownTerm] = []
    level = LEVELS.read("level", node.get("level"), terms)
    form = FORMATS.read("delivery_mode", node.get("format"), terms)
    asked = node.get("price") or {"amount": None, "currency": "IDR"}
    is_bookable = flag(node.get("bookable"))
    return Offering(
        partner=partner,
        key=remote_id(node, "id"),
        listed=to_listed(node, level),
        price=price(asked["amount"], asked["currency"]),
        list_price=price(asked.get("strikethrough"), asked["currency"]),
        delivery_mode=form,
        enrolment_mode=EnrolmentMode.DIRECT if is_bookable else EnrolmentMode.LINK,
        url=optional_url(node, "webUrl"),
        sessions=tuple(to_session(partner, each) for each in node.get("batches") or ()),
        unknown_terms=tuple(terms),
    )


def to_listed(node: Record, level: CourseLevel) -> ListedCourse:
    """Translate what the node says of the course."""
    rated = node.get("rating") or {}
    return ListedCourse(
        title=title(node, "title"),
        institution=title(node["institution"], "name"),
        summary=optional_text(node, "excerpt"),
        description_html=optional_text(node, "bodyHtml"),
        category=category((node.get("topic") or {}).get("name")),
        level=level,
        duration_minutes=minutes(node.get("durationMinutes")),
        rating=rating(rated.get("average")),
        rating_count=whole(rated.get("count") or 0),
        image_url=optional_url(node, "coverUrl"),
    )


def to_session(partner: PartnerCode, batch: Record) -> Session:
    """Translate one batch."""
    zone = text(batch, "timeZone")
    seats = batch.get("seats") or {}
    return Session(
        partner=partner,
        key=remote_id(batch, "id"),
        starts_at=local_time(batch["startsAt"], zone),
        ends_at=local_time(batch.get("endsAt"), zone),
        enrolment_ends_at=local_time(batch.get("enrolBefore"), zone),
        venue=to_venue(batch.get("venue") or {}),
        capacity=to_seats(seats.get("total")),
        seats_left=to_seats(seats.get("left")),
    )


def to_venue(place: Record) -> Venue | None:
    """Translate where a session is held; None when nothing tells."""
    region = place.get("region") or {}
    venue = Venue(
        name=optional_text(place, "name"),
        address=optional_text(place, "address"),
        region_code=optional_text(region, "code"),
        region_name=optional_text(region, "name"),
    )
    return None if venue == Venue() else venue


def to_seats(told: Any) -> int | None:
    """Return a number of seats; oversold is none left."""
    return None if told is None else max(0, whole(told))


def _encode(booking: Booking) -> bytes:
    return orjson.dumps({"input": to_fields(booking)})


def _decode(body: bytes) -> Mapping[str, Any]:
    receipt: Mapping[str, Any] = orjson.loads(body)["data"]["enrolment"]
    return receipt


def _decode_statement(body: bytes) -> Mapping[str, Any]:
    statement: Mapping[str, Any] = orjson.loads(body)["data"]["statement"]
    return statement


CODEC = EnrolmentCodec(_encode, _decode, "application/json", _decode_statement)
