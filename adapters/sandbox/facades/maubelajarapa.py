"""MauBelajarApa's wire format (docs/partners/maubelajarapa.md), served from a sandbox shop.

One CSV file behind a signed address, made by an old spreadsheet: semicolons, cp1252,
one row per session.  Its ETag changes with every seat that is taken.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

from aiohttp import web

from adapters.auth import url_signature
from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.desk import Handler, build_enrolment_routes, is_same
from adapters.sandbox.indonesian import to_rupiah, to_zone
from adapters.sandbox.world import SandboxOffering, SandboxSession, Shop
from schema.model.values import CourseLevel, DeliveryMode

COLUMNS = (
    "kode_kelas", "judul", "penyelenggara", "ringkasan", "deskripsi", "kategori", "level",
    "durasi", "rating", "jumlah_ulasan", "foto", "tautan", "harga", "harga_normal", "metode",
    "pesan_lewat_mitra",
    "kode_sesi", "tanggal_mulai", "jam_mulai", "tanggal_selesai", "jam_selesai",
    "tutup_tanggal", "tutup_jam", "zona", "tempat", "alamat", "kode_wilayah", "wilayah",
    "kapasitas", "sisa_kursi",
)  # fmt: skip
_LEVELS = {
    CourseLevel.BEGINNER: "Pemula",
    CourseLevel.INTERMEDIATE: "Menengah",
    CourseLevel.ADVANCED: "Mahir",
    CourseLevel.ALL: "Semua level",
}
_METHODS = {
    DeliveryMode.ONSITE: "Tatap muka",
    DeliveryMode.LIVE_ONLINE: "Kelas daring",
    DeliveryMode.SELF_PACED: "Rekaman",
    DeliveryMode.BLENDED: "Gabungan",
}


def build_routes(shop: Shop) -> Sequence[web.RouteDef]:
    """Return the catalogue file and the enrolment desk, all behind signed addresses."""

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not _is_signed(request, shop):
                return web.json_response({"galat": "tanda tangan salah"}, status=403)
            return await handler(request)

        return guarded

    async def export(request: web.Request) -> web.StreamResponse:
        body = _file(shop)
        headers = {"ETag": f'"{blake2b(body, digest_size=12).hexdigest()}"'}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        headers["Content-Type"] = "text/csv; charset=windows-1252"
        return web.Response(body=body, headers=headers)

    return [
        web.get("/ekspor/kelas.csv", guard(export), allow_head=False),
        *build_enrolment_routes(shop.book, guard, _receipt),
    ]


def _is_signed(request: web.Request, shop: Shop) -> bool:
    expires = request.query.get("expires", "")
    if not expires.isdecimal() or int(expires) < shop.now().timestamp():
        return False
    wanted = url_signature(shop.secrets["signing_key"], request.rel_url.raw_path, expires)
    return is_same(request.query.get("signature", ""), wanted)


def _file(shop: Shop) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(COLUMNS)
    for row in shop.offerings:
        writer.writerows(_rows(row, shop.book))
    return text.getvalue().encode("cp1252", errors="replace")


def _rows(row: SandboxOffering, book: EnrolmentBook) -> Iterator[Sequence[object]]:
    course = _course(row)
    for session in row.sessions:
        yield (*course, *_session(session), book.seats_left(row.key, session))
    if not row.sessions:
        yield (*course, *("" for _ in COLUMNS[len(course) :]))


def _course(row: SandboxOffering) -> Sequence[object]:
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
        row.rating_count,
        row.image_url,
        row.url,
        to_rupiah(row.price),
        "" if row.list_price is None else to_rupiah(row.list_price),
        _METHODS.get(row.delivery_mode, ""),
        "ya" if row.bookable else "tidak",
    )


def _session(session: SandboxSession) -> Sequence[object]:
    return (
        session.key,
        *_date_and_time(session.starts_at),
        *_date_and_time(session.ends_at),
        *_date_and_time(session.enrolment_ends_at),
        to_zone(session.starts_at),
        session.venue_name,
        session.address,
        session.region_code,
        session.region_name,
        session.capacity,
    )


def _date_and_time(moment: datetime) -> tuple[str, str]:
    return f"{moment:%d/%m/%Y}", f"{moment:%H:%M}"


def _receipt(receipt: Mapping[str, Any] | None, status: HTTPStatus) -> web.Response:
    if receipt is None:
        return web.json_response({"galat": "rujukan atau isi tidak dikenal"}, status=status)
    return web.json_response({"hasil": receipt}, status=status)
