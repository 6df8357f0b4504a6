"""Bina BUMN's wire format (docs/partners/bina_bumn.md): JSON lines, one course a line.

The whole catalogue is one file, `/katalog.jsonl`, with an ETag.  Its objects nest;
times are ISO 8601 with an offset, and the venue's zone stands beside them.
"""

import hmac
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.desk import Handler, build_enrolment_routes
from adapters.sandbox.world import SandboxOffering, SandboxSession, Shop
from schema.model.values import CourseLevel, DeliveryMode

_LEVELS = {
    CourseLevel.BEGINNER: "pemula",
    CourseLevel.INTERMEDIATE: "menengah",
    CourseLevel.ADVANCED: "mahir",
    CourseLevel.ALL: "semua",
}
_METHODS = {
    DeliveryMode.SELF_PACED: "mandiri",
    DeliveryMode.LIVE_ONLINE: "webinar",
    DeliveryMode.ONSITE: "tatap_muka",
    DeliveryMode.BLENDED: "campuran",
}


def build_routes(shop: Shop) -> Sequence[web.RouteDef]:
    """Return the catalogue file and the enrolment desk, both behind the bearer token."""
    expected = f"Bearer {shop.secrets['token']}"

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not hmac.compare_digest(request.headers.get("Authorization", ""), expected):
                return web.json_response({"galat": "token tidak dikenal"}, status=401)
            return await handler(request)

        return guarded

    async def catalogue(request: web.Request) -> web.StreamResponse:
        lines = [orjson.dumps(_course(row, shop.book)) for row in shop.offerings]
        body = b"\n".join(lines) + b"\n"
        etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=body, content_type="application/x-ndjson", headers={"ETag": etag})

    return [
        web.get("/katalog.jsonl", guard(catalogue), allow_head=False),
        *build_enrolment_routes(shop.book, guard, _receipt),
    ]


def _course(row: SandboxOffering, book: EnrolmentBook) -> dict[str, Any]:
    return {
        "id": row.key,
        "judul": row.title,
        "lembaga": {"nama": row.institution},
        "ringkasan": row.summary,
        "uraian_html": row.description_html,
        "bidang": row.category,
        "jenjang": _LEVELS.get(row.level),
        "durasi_menit": row.duration_minutes,
        "penilaian": {"nilai": row.rating, "jumlah": row.rating_count},
        "gambar": row.image_url,
        "harga": {
            "mata_uang": "IDR",
            "jual": row.price,
            "sebelum_diskon": row.list_price,
        },
        "cara_belajar": _METHODS.get(row.delivery_mode),
        "tautan": row.url,
        "dapat_dipesan": row.bookable,
        "paket": row.bundle,
        "jadwal": [_session(row, session, book) for session in row.sessions],
    }


def _session(row: SandboxOffering, session: SandboxSession, book: EnrolmentBook) -> dict[str, Any]:
    return {
        "kode": session.key,
        "zona": str(session.starts_at.tzinfo),
        "mulai": session.starts_at.isoformat(),
        "selesai": session.ends_at.isoformat(),
        "tutup_pendaftaran": session.enrolment_ends_at.isoformat(),
        "kuota": session.capacity,
        "sisa": book.seats_left(row.key, session),
        "lokasi": {
            "nama": session.venue_name,
            "alamat": session.address,
            "wilayah": {"kode": session.region_code, "nama": session.region_name},
        },
    }


def _receipt(receipt: Mapping[str, Any] | None, status: HTTPStatus) -> web.Response:
    body = receipt if receipt is not None else {"galat": "rujukan atau isi tidak dikenal"}
    return web.json_response(body, status=status)
