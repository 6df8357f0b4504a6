"""Pasar Kelas's wire format (docs/partners/pasar_kelas.md): CSV, one row per session.

Semicolons, a byte order mark, DD/MM/YYYY in the venue's local time with WIB, WITA or
WIT in a column of its own, "Rp 89.700" and "Gratis".  A course without dates has one
row with an empty session.
"""

import csv
import hmac
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

from aiohttp import web

from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.desk import Handler, build_enrolment_routes
from adapters.sandbox.world import SandboxOffering, SandboxSession, Shop
from schema.model.values import CourseLevel, DeliveryMode

COURSE_COLUMNS = (
    "kode_kelas", "judul", "penyelenggara", "ringkasan", "uraian", "kategori", "tingkat",
    "durasi", "bintang", "ulasan", "gambar", "harga", "harga_coret", "cara", "tautan", "status",
)  # fmt: skip
SESSION_COLUMNS = (
    "kode_jadwal", "tanggal_mulai", "jam_mulai", "tanggal_selesai", "jam_selesai", "batas_daftar",
    "zona", "tempat", "alamat", "kode_wilayah", "wilayah", "kuota", "sisa_kursi",
)  # fmt: skip
_HOURS_EAST = {7: "WIB", 8: "WITA", 9: "WIT"}
_LEVELS = {
    CourseLevel.BEGINNER: "Pemula",
    CourseLevel.INTERMEDIATE: "Menengah",
    CourseLevel.ADVANCED: "Mahir",
    CourseLevel.ALL: "Semua tingkat",
}
_METHODS = {
    DeliveryMode.SELF_PACED: "Belajar mandiri",
    DeliveryMode.LIVE_ONLINE: "Daring",
    DeliveryMode.ONSITE: "Tatap muka",
    DeliveryMode.BLENDED: "Campuran",
}


def build_routes(shop: Shop) -> Sequence[web.RouteDef]:
    """Return the catalogue file and the enrolment desk, both behind the API key."""
    expected = shop.secrets["api_key"]

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not hmac.compare_digest(request.headers.get("X-Api-Key", ""), expected):
                return web.Response(status=401, text="kunci API salah")
            return await handler(request)

        return guarded

    async def catalogue(request: web.Request) -> web.StreamResponse:
        body = _file(shop)
        etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(
            body=body, content_type="text/csv", charset="utf-8", headers={"ETag": etag}
        )

    return [
        web.get("/kelas.csv", guard(catalogue), allow_head=False),
        *build_enrolment_routes(shop.book, guard, _receipt),
    ]


def _file(shop: Shop) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow((*COURSE_COLUMNS, *SESSION_COLUMNS))
    for row in shop.offerings:
        writer.writerows(_rows(row, shop.book))
    return text.getvalue().encode("utf-8-sig")


def _rows(row: SandboxOffering, book: EnrolmentBook) -> Iterator[Sequence[str]]:
    course = _course(row)
    for session in row.sessions:
        yield (*course, *_session(row, session, book))
    if not row.sessions:
        yield (*course, *("" for _ in SESSION_COLUMNS))


def _course(row: SandboxOffering) -> Sequence[str]:
    return (
        row.key,
        row.title,
        row.institution,
        row.summary,
        row.description_html,
        row.category,
        _LEVELS.get(row.level, ""),
        f"{row.duration_minutes} menit",
        "" if row.rating is None else str(row.rating).replace(".", ","),
        str(row.rating_count),
        row.image_url,
        _rupiah(row.price),
        "" if row.list_price is None else _rupiah(row.list_price),
        _METHODS.get(row.delivery_mode, ""),
        row.url,
        "Dibuka" if row.bookable else "Hanya di situs",
    )


def _session(row: SandboxOffering, session: SandboxSession, book: EnrolmentBook) -> Sequence[str]:
    return (
        session.key,
        f"{session.starts_at:%d/%m/%Y}",
        f"{session.starts_at:%H:%M}",
        f"{session.ends_at:%d/%m/%Y}",
        f"{session.ends_at:%H:%M}",
        f"{session.enrolment_ends_at:%d/%m/%Y %H:%M}",
        _zone(session.starts_at),
        session.venue_name,
        session.address,
        session.region_code,
        session.region_name,
        str(session.capacity),
        str(book.seats_left(row.key, session)),
    )


def _rupiah(amount: int) -> str:
    return f"Rp {amount:,}".replace(",", ".") if amount else "Gratis"


def _zone(moment: datetime) -> str:
    offset = moment.utcoffset()
    return _HOURS_EAST[int(offset.total_seconds()) // 3600] if offset else "UTC"


def _receipt(receipt: Mapping[str, Any] | None, status: HTTPStatus) -> web.Response:
    body = receipt if receipt is not None else {"galat": "rujukan atau isi tidak dikenal"}
    return web.json_response(body, status=status)
