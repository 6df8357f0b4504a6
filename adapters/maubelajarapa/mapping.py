"""MauBelajarApa's file to canonical records, and its envelope of receipts.

Pure: no I/O, no clock.  The surprises: an old spreadsheet's encoding and separators,
one row per session, local times with the zone in a column, "Rp 89.700".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from adapters.base import LeftOut, Page, Rejection, Validators
from adapters.enrolments import JSON_CODEC, EnrolmentCodec
from adapters.fields import count_fields
from adapters.maubelajarapa.rows import Row, to_rows
from adapters.parsing import (
    Record,
    RowError,
    Vocabulary,
    category,
    count,
    local_time,
    minutes,
    optional_text,
    optional_url,
    price,
    rating,
    remote_id,
    text,
    title,
    to_rejection,
    zone_of,
)
from schema.model.catalogue import ListedCourse, Offering, Session, UnknownTerm, Venue
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    PartnerCode,
    RemoteId,
    folded,
)

CLASS_KEY, SESSION_KEY = "kode_kelas", "kode_sesi"
REQUIRED_COLUMNS = (CLASS_KEY, "judul", "penyelenggara", "harga", SESSION_KEY)
MOMENT = ("%d/%m/%Y %H:%M",)
LEVELS = Vocabulary(
    {
        "Pemula": CourseLevel.BEGINNER,
        "Menengah": CourseLevel.INTERMEDIATE,
        "Mahir": CourseLevel.ADVANCED,
        "Semua level": CourseLevel.ALL,
    },
    unknown=CourseLevel.UNKNOWN,
)
METHODS = Vocabulary(
    {
        "Tatap muka": DeliveryMode.ONSITE,
        "Kelas daring": DeliveryMode.LIVE_ONLINE,
        "Rekaman": DeliveryMode.SELF_PACED,
        "Gabungan": DeliveryMode.BLENDED,
    },
    unknown=DeliveryMode.UNKNOWN,
)


def to_page(body: bytes, partner: PartnerCode, *, etag: str | None = None) -> Page:
    """Translate the whole file.  Raises `PartnerContractError` when it is not that file."""
    shelf = _Shelf(partner)
    fields: dict[str, int] = {}
    for number, row in enumerate(to_rows(body, REQUIRED_COLUMNS, partner=partner), start=1):
        if isinstance(row, Mapping):
            count_fields(fields, row)
        shelf.put(number, row)
    return Page(
        offerings=tuple(shelf.offerings()),
        rejections=tuple(shelf.rejections),
        left_out=tuple(shelf.left_out),
        validators=Validators(etag=etag) if etag else None,
        fields=fields,
    )


@dataclass(slots=True)
class _Shelf:
    """Classes with their sessions, put together row by row."""

    partner: PartnerCode
    classes: dict[RemoteId, Offering] = field(default_factory=dict)
    sessions: dict[RemoteId, dict[RemoteId, Session]] = field(default_factory=dict)
    rejections: list[Rejection] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def put(self, number: int, row: Row) -> None:
        """Take a row in: first its class, then its session, which may fail alone."""
        blamed = CLASS_KEY
        try:
            if not isinstance(row, Mapping):
                raise RowError(row.reason)
            key = remote_id(row, CLASS_KEY)
            if key not in self.classes:
                self.classes[key] = to_class(row, self.partner)
                self.sessions[key] = {}
            elif not row[SESSION_KEY]:
                self.left_out.append(LeftOut(key, "duplicate"))
            blamed = SESSION_KEY
            if row[SESSION_KEY]:
                self._add(key, to_session(row, self.partner))
        except (LookupError, TypeError, ValueError) as exc:
            self.rejections.append(to_rejection(number, row, exc, blamed))

    def offerings(self) -> Iterable[Offering]:
        """Yield the classes, in the file's order; without a session none can be booked."""
        for key, offering in self.classes.items():
            sessions = tuple(self.sessions[key].values())
            mode = offering.enrolment_mode if sessions else EnrolmentMode.LINK
            yield replace(offering, sessions=sessions, enrolment_mode=mode)

    def _add(self, key: RemoteId, session: Session) -> None:
        if session.key in self.sessions[key]:
            self.left_out.append(LeftOut(session.key, "duplicate"))
        self.sessions[key][session.key] = session


def to_class(row: Record, partner: PartnerCode) -> Offering:
    """Translate the columns that are about the class."""
    terms: list[UnknownTerm] = []
    is_bookable = folded(row.get("pesan_lewat_mitra", "")) == "ya"
    return Offering(
        partner=partner,
        key=remote_id(row, CLASS_KEY),
        listed=to_listed(row, terms),
        price=price(row["harga"]),
        list_price=price(row.get("harga_normal")),
        delivery_mode=METHODS.read("metode", row.get("metode") or "Tatap muka", terms),
        enrolment_mode=EnrolmentMode.DIRECT if is_bookable else EnrolmentMode.LINK,
        url=optional_url(row, "tautan"),
        unknown_terms=tuple(terms),
    )


def to_listed(row: Record, terms: list[UnknownTerm]) -> ListedCourse:
    """Translate what a class says of itself; adds to `terms` the words we do not know."""
    return ListedCourse(
        title=title(row, "judul"),
        institution=title(row, "penyelenggara"),
        summary=optional_text(row, "ringkasan"),
        description_html=optional_text(row, "deskripsi"),
        category=category(row.get("kategori")),
        level=LEVELS.read("level", row.get("level"), terms),
        duration_minutes=minutes(row.get("durasi")),
        rating=rating(row.get("rating")),
        rating_count=count(row.get("jumlah_ulasan")),
        image_url=optional_url(row, "foto"),
    )


def to_session(row: Record, partner: PartnerCode) -> Session:
    """Translate the columns that are about the session."""
    starts_at = _moment(row, "tanggal_mulai", "jam_mulai")
    ends_at = _moment(row, "tanggal_selesai", "jam_selesai")
    if starts_at is None:
        raise RowError("the session has no date: fill 'tanggal_mulai' and 'jam_mulai'")
    if ends_at is not None and ends_at < starts_at:
        raise RowError("the session ends before it starts")
    return Session(
        partner=partner,
        key=remote_id(row, SESSION_KEY),
        starts_at=starts_at,
        ends_at=ends_at,
        enrolment_ends_at=_moment(row, "tutup_tanggal", "tutup_jam"),
        venue=to_venue(row),
        capacity=count(row.get("kapasitas")),
        seats_left=count(row.get("sisa_kursi")),
    )


def to_venue(row: Record) -> Venue | None:
    """Translate where a session is held; None when nothing is told."""
    venue = Venue(
        name=optional_text(row, "tempat"),
        address=optional_text(row, "alamat"),
        region_code=optional_text(row, "kode_wilayah"),
        region_name=optional_text(row, "wilayah"),
    )
    return None if venue == Venue() else venue


def _moment(row: Record, date: str, time: str) -> datetime | None:
    told = f"{row.get(date, '')} {row.get(time, '')}".strip()
    return local_time(told, zone_of(text(row, "zona")), MOMENT)


def _unwrapped(body: bytes) -> Mapping[str, Any]:
    receipt: Mapping[str, Any] = orjson.loads(body)["hasil"]
    return receipt


CODEC = EnrolmentCodec(JSON_CODEC.encode, _unwrapped, JSON_CODEC.content_type)
