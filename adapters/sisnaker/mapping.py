"""Sisnaker's trainings to canonical records.

Pure: no I/O, no clock.  The surprises: vocabularies are numbers, region codes have lost
their dots, and which page this is stands in the root's attributes.
"""

import re
from functools import partial
from xml.etree.ElementTree import Element

from adapters.base import Page
from adapters.errors import PartnerContractError
from adapters.parsing import (
    Record,
    Vocabulary,
    category,
    count,
    local_time,
    minutes,
    optional_text,
    optional_url,
    page,
    price,
    rating,
    remote_id,
    text,
    title,
)
from adapters.sisnaker.documents import DocumentError, field_name, read_document, to_record
from schema.model.catalogue import ListedCourse, Offering, Session, UnknownTerm, Venue
from schema.model.values import CourseLevel, DeliveryMode, EnrolmentMode, PartnerCode

LEVELS = Vocabulary(
    {
        "1": CourseLevel.BEGINNER,
        "2": CourseLevel.INTERMEDIATE,
        "3": CourseLevel.ADVANCED,
        "9": CourseLevel.ALL,
        "0": CourseLevel.UNKNOWN,  # not told
    },
    unknown=CourseLevel.UNKNOWN,
)
METHODS = Vocabulary(
    {
        "1": DeliveryMode.ONSITE,
        "2": DeliveryMode.LIVE_ONLINE,
        "3": DeliveryMode.SELF_PACED,
        "4": DeliveryMode.BLENDED,
        "0": DeliveryMode.UNKNOWN,  # not told
    },
    unknown=DeliveryMode.UNKNOWN,
)
BOOKED_BY_US = "1"
_REGION = re.compile(r"(\d{2})(\d{2})?(\d{2})?(\d{4})?")  # province, regency, district, village


def to_page(body: bytes, partner: PartnerCode, *, page_number: int) -> Page:
    """Translate one answer of `GET /layanan/pelatihan`."""
    try:
        root = read_document(body, "daftarPelatihan")
        number, pages, total = (tocount(root, name) for name in ("page", "pages", "total"))
    except DocumentError as exc:
        raise PartnerContractError(partner, f"its answer {exc}") from exc
    if number != page_number:
        raise PartnerContractError(partner, f"answers page {number} when asked for {page_number}")
    trainings = [child for child in root if field_name(child.tag) == "pelatihan"]
    return page(
        map(to_record, trainings),
        partial(to_offering, partner=partner),
        next_cursor=str(number + 1) if number < pages else None,
        total=total,
        key_field="@id",
    )


def tocount(root: Element, name: str) -> int:
    """Return a count from the root's attributes.  Raises `DocumentError`."""
    told = root.get(name, "")
    if not told.isdecimal():
        raise DocumentError(f"does not count its {name!r}")
    return int(told)


def to_offering(row: Record, partner: PartnerCode) -> Offering:
    """Translate one training."""
    terms: list[UnknownTerm] = []
    currency = row.get("biaya@mataUang", "IDR")
    is_bookable = row.get("pendaftaran") == BOOKED_BY_US
    return Offering(
        partner=partner,
        key=remote_id(row, "@id"),
        listed=to_listed(row, terms),
        price=price(row.get("biaya"), currency),
        list_price=price(row.get("biaya@semula"), currency),
        delivery_mode=METHODS.read("metode", row.get("metode"), terms),
        enrolment_mode=EnrolmentMode.DIRECT if is_bookable else EnrolmentMode.LINK,
        url=optional_url(row, "tautan"),
        sessions=tuple(to_session(each, partner) for each in row.get("jadwal", ())),
        unknown_terms=tuple(terms),
    )


def to_listed(row: Record, terms: list[UnknownTerm]) -> ListedCourse:
    """Translate what a training says of itself; adds to `terms` the codes we do not know."""
    return ListedCourse(
        title=title(row, "judul"),
        institution=title(row, "balai"),
        summary=optional_text(row, "ringkasan"),
        description_html=optional_text(row, "uraian"),
        category=category(row.get("kejuruan")),
        level=LEVELS.read("jenjang", row.get("jenjang"), terms),
        duration_minutes=minutes(row.get("durasi")),
        rating=rating(row.get("penilaian")),
        rating_count=count(row.get("penilaian@jumlah")),
        image_url=optional_url(row, "gambar"),
    )


def to_session(row: Record, partner: PartnerCode) -> Session:
    """Translate one schedule, whose times are local in its zone."""
    zone = text(row, "@zona")
    return Session(
        partner=partner,
        key=remote_id(row, "@id"),
        starts_at=local_time(row["mulai"], zone),
        ends_at=local_time(row.get("selesai"), zone),
        enrolment_ends_at=local_time(row.get("tutup"), zone),
        venue=to_venue(row),
        capacity=count(row.get("kuota")),
        seats_left=count(row.get("sisa")),
    )


def to_venue(row: Record) -> Venue | None:
    """Translate where a schedule is held; None when nothing is told."""
    place: Record = (row.get("w:tempat") or [{}])[0]
    venue = Venue(
        name=optional_text(place, "w:nama"),
        address=optional_text(place, "w:alamat"),
        region_code=to_region_code(
            optional_text(place, "@kode") or optional_text(row, "w:tempat@kode")
        ),
        region_name=optional_text(place, "w:wilayah"),
    )
    return None if venue == Venue() else venue


def to_region_code(digits: str | None) -> str | None:
    """Return a region's code with its dots: "7371" is "73.71"."""
    match = _REGION.fullmatch(digits or "")
    return ".".join(filter(None, match.groups())) if match else digits
