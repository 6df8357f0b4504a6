"""Pintaria's JSON:API documents to canonical records (docs/partners/pintaria.md).

Pure: no I/O, no clock.  Surprises: institutions, sessions and venues stand only in
`included`; `links.next` may be relative, absolute or an object, and must not lead away.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urljoin

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
from schema.model.catalogue import ListedCourse, Offering, Session, UnknownTerm, Venue
from schema.model.values import CourseLevel, DeliveryMode, EnrolmentMode, PartnerCode

MEDIA_TYPE = "application/vnd.api+json"
LEVELS = Vocabulary(
    {
        "beginner": CourseLevel.BEGINNER,
        "intermediate": CourseLevel.INTERMEDIATE,
        "advanced": CourseLevel.ADVANCED,
        "all": CourseLevel.ALL,
    },
    unknown=CourseLevel.UNKNOWN,
)
MODES = Vocabulary(
    {
        "self-paced": DeliveryMode.SELF_PACED,
        "webinar": DeliveryMode.LIVE_ONLINE,
        "classroom": DeliveryMode.ONSITE,
        "blended": DeliveryMode.BLENDED,
    },
    unknown=DeliveryMode.UNKNOWN,
)

Identity = tuple[str, str]  # JSON:API's (type, id)
Included = Mapping[Identity, Record]


def to_page(body: Any, partner: PartnerCode, *, address: str) -> Page:
    """Translate one document of the course collection, asked below `address`."""
    rows = records(body, "data", partner=partner)
    meta = body.get("meta")
    total = meta.get("total") if isinstance(meta, Mapping) else None
    return page(
        rows,
        partial(to_offering, partner, to_included(body)),
        next_cursor=to_next(body.get("links"), partner, address),
        total=total if isinstance(total, int) else None,
    )


def to_next(links: Any, partner: PartnerCode, address: str) -> str | None:
    """Return the next page's path and query below `address`, or None after the last.

    Raises `PartnerContractError` without links, because half a catalogue would look like a
    whole one, and for a link that leads anywhere else, because our key would go along.
    """
    if not isinstance(links, Mapping):
        raise PartnerContractError(partner, "its answer has no 'links'")
    link = links.get("next")
    if isinstance(link, Mapping):
        link = link.get("href")
    if not link:
        return None
    base = f"{address.rstrip('/')}/"
    try:
        target = urljoin(f"{base}courses", link)
    except (TypeError, ValueError) as exc:
        raise PartnerContractError(partner, "links.next is no address") from exc
    if not target.startswith(base):
        raise PartnerContractError(partner, "links.next leads away from its API")
    return f"/{target.removeprefix(base)}"


def to_included(body: Record) -> Included:
    """Return the document's `included` resources by type and id; what is none is ignored."""
    resources = body.get("included")
    return {
        (str(each.get("type")), str(each.get("id"))): each
        for each in (resources if isinstance(resources, list) else ())
        if isinstance(each, Mapping)
    }


def to_related(row: Record, name: str, included: Included) -> Iterator[Record]:
    """Yield the resources that a relationship names.  Raises `RowError` for absent ones."""
    linked = ((row.get("relationships") or {}).get(name) or {}).get("data")
    for each in linked if isinstance(linked, list) else [linked] if linked else ():
        identity = (str(each["type"]), str(each["id"]))
        if identity not in included:
            raise RowError(f"{' '.join(identity)} is not in 'included'")
        yield included[identity]


def to_offering(partner: PartnerCode, included: Included, row: Record) -> Offering:
    """Translate one course with what belongs to it."""
    course = row["attributes"]
    terms: list[UnknownTerm] = []
    level = LEVELS.read("level", course.get("level"), terms)
    mode = MODES.read("delivery_mode", course.get("mode"), terms)
    asked = course.get("price") or {"amount": None, "currency": "IDR"}
    is_bookable = flag(course.get("bookable"))
    sessions = to_related(row, "sessions", included)
    return Offering(
        partner=partner,
        key=remote_id(row, "id"),
        listed=to_listed(course, to_institution(row, included), level),
        price=price(asked["amount"], asked["currency"]),
        list_price=price(asked.get("before"), asked["currency"]),
        delivery_mode=mode,
        enrolment_mode=EnrolmentMode.DIRECT if is_bookable else EnrolmentMode.LINK,
        url=optional_url(row.get("links") or {}, "self"),
        sessions=tuple(to_session(partner, included, each) for each in sessions),
        unknown_terms=tuple(terms),
    )


def to_institution(row: Record, included: Included) -> str:
    """Return the institution's name."""
    found = next(to_related(row, "institution", included), None)
    if found is None:
        raise RowError("has no institution")
    return title(found["attributes"], "name")


def to_listed(course: Record, institution: str, level: CourseLevel) -> ListedCourse:
    """Translate what the attributes say of the course."""
    return ListedCourse(
        title=title(course, "title"),
        institution=institution,
        summary=optional_text(course, "summary"),
        description_html=optional_text(course, "descriptionHtml"),
        category=category(course.get("subject")),
        level=level,
        duration_minutes=minutes(course.get("duration")),
        rating=rating(course.get("rating")),
        rating_count=whole(course.get("ratingCount") or 0),
        image_url=optional_url(course, "image"),
    )


def to_session(partner: PartnerCode, included: Included, resource: Record) -> Session:
    """Translate one session and its venue."""
    run = resource["attributes"]
    zone = text(run, "timezone")
    venue = next(to_related(resource, "venue", included), None)
    return Session(
        partner=partner,
        key=remote_id(resource, "id"),
        starts_at=local_time(run["startsAt"], zone),
        ends_at=local_time(run.get("endsAt"), zone),
        enrolment_ends_at=local_time(run.get("enrolBefore"), zone),
        venue=to_venue(venue["attributes"]) if venue else None,
        capacity=to_seats(run.get("seats")),
        seats_left=to_seats(run.get("seatsLeft")),
    )


def to_venue(place: Record) -> Venue | None:
    """Translate where a session is held; None when nothing tells."""
    venue = Venue(
        name=optional_text(place, "name"),
        address=optional_text(place, "address"),
        region_code=optional_text(place, "regionCode"),
        region_name=optional_text(place, "regionName"),
    )
    return None if venue == Venue() else venue


def to_seats(told: Any) -> int | None:
    """Return a number of seats; oversold is none left."""
    return None if told is None else max(0, whole(told))


def _encode(booking: Booking) -> bytes:
    fields = to_fields(booking)
    session = {"type": "sessions", "id": booking.session} if booking.session else None
    resource = {
        "type": "enrolments",
        "id": booking.reference,
        "attributes": {"learner": fields["learner"], "price": fields["price"]},
        "relationships": {
            "course": {"data": {"type": "courses", "id": booking.offering}},
            "session": {"data": session},
        },
    }
    return orjson.dumps({"data": resource})


def _decode(body: bytes) -> Mapping[str, Any]:
    return _receipt(orjson.loads(body)["data"])


def _decode_statement(body: bytes) -> Mapping[str, Any]:
    document = orjson.loads(body)
    lines = [_line(resource) for resource in document["data"]]
    return {**document["meta"], "lines": lines}


def _line(resource: Any) -> Any:
    """Return a line's fields; what is no resource is passed on, to be rejected alone."""
    try:
        return _receipt(resource)
    except (LookupError, TypeError):
        return resource


def _receipt(resource: Any) -> Mapping[str, Any]:
    return {**resource["attributes"], "reference": resource["id"]}


CODEC = EnrolmentCodec(_encode, _decode, MEDIA_TYPE, _decode_statement)
