"""Sisnaker's wire format (docs/partners/sisnaker.md), served from a sandbox shop.

XML in two namespaces; the page counts are attributes of the root, words of the
vocabulary are numbers, and region codes have no dots.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from math import ceil
from typing import Any
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from aiohttp import web
from defusedxml.ElementTree import fromstring

from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.desk import Handler, build_enrolment_routes, is_same
from adapters.sandbox.indonesian import to_zone
from adapters.sandbox.world import SandboxOffering, SandboxSession, Shop
from schema.model.values import CourseLevel, DeliveryMode

PAGE_LENGTH = 50
TRAINING = "urn:sisnaker:pelatihan:2"
REGION = "urn:sisnaker:wilayah:1"
_LEVELS = {
    CourseLevel.BEGINNER: "1",
    CourseLevel.INTERMEDIATE: "2",
    CourseLevel.ADVANCED: "3",
    CourseLevel.ALL: "9",
}
_METHODS = {
    DeliveryMode.ONSITE: "1",
    DeliveryMode.LIVE_ONLINE: "2",
    DeliveryMode.SELF_PACED: "3",
    DeliveryMode.BLENDED: "4",
}
Fields = Iterable[tuple[str, object]]

register_namespace("p", TRAINING)
register_namespace("w", REGION)


def build_routes(shop: Shop) -> Sequence[web.RouteDef]:
    """Return the training list and the enrolment desk, both behind the API key."""

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not is_same(request.headers.get("X-Api-Key", ""), shop.secrets["api_key"]):
                return _fault(HTTPStatus.UNAUTHORIZED, "KUNCI", "kunci API salah")
            return await handler(request)

        return guarded

    async def list_trainings(request: web.Request) -> web.StreamResponse:
        page = request.query.get("halaman", "1")
        pages = max(1, ceil(len(shop.offerings) / PAGE_LENGTH))
        if not page.isdecimal() or int(page) < 1:
            return _fault(HTTPStatus.BAD_REQUEST, "HALAMAN", "halaman dihitung dari 1")
        return _answer(_list(shop, int(page), pages))

    async def tell_quotas(request: web.Request) -> web.StreamResponse:
        root = Element(_name("daftarKuota"))
        for row in shop.on_sale(request.query.getall("id", [])):
            root.append(_quota(row, shop.book))
        return _answer(root)

    return [
        web.get("/layanan/kuota", guard(tell_quotas), allow_head=False),
        web.get("/layanan/pelatihan", guard(list_trainings), allow_head=False),
        *build_enrolment_routes(shop.book, guard, _receipt, decoded=_order, listed=_statement),
    ]


def _list(shop: Shop, page: int, pages: int) -> Element:
    counts = {"page": str(page), "pages": str(pages), "total": str(len(shop.offerings))}
    root = Element(_name("daftarPelatihan"), counts)
    for row in shop.offerings[(page - 1) * PAGE_LENGTH : page * PAGE_LENGTH]:
        root.append(_training(row, shop.book))
    return root


def _training(row: SandboxOffering, book: EnrolmentBook) -> Element:
    element = Element(_name("pelatihan"), {"id": row.key})
    _add(element, _course_fields(row))
    rating = SubElement(element, _name("penilaian"), {"jumlah": str(row.rating_count)})
    rating.text = None if row.rating is None else str(row.rating)
    cost = SubElement(element, _name("biaya"), {"mataUang": "IDR"})
    cost.text = str(row.price)
    if row.list_price is not None:
        cost.set("semula", str(row.list_price))
    for session in row.sessions:
        element.append(_schedule(session, book.seats_left(row.key, session)))
    return element


def _quota(row: SandboxOffering, book: EnrolmentBook) -> Element:
    element = Element(_name("pelatihan"), {"id": row.key})
    SubElement(element, _name("biaya"), {"mataUang": "IDR"}).text = str(row.price)
    for session in row.sessions:
        schedule = SubElement(element, _name("jadwal"), {"id": session.key})
        _add(schedule, [("sisa", book.seats_left(row.key, session))])
    return element


def _course_fields(row: SandboxOffering) -> Fields:
    yield "judul", row.title
    yield "balai", row.institution
    yield "ringkasan", row.summary
    yield "uraian", row.description_html
    yield "kejuruan", row.category
    yield "jenjang", _LEVELS.get(row.level, "0")
    yield "durasi", _duration(row.duration_minutes)
    yield "gambar", row.image_url
    yield "tautan", row.url
    yield "metode", _METHODS.get(row.delivery_mode, "0")
    yield "pendaftaran", "1" if row.bookable else "2"


def _schedule(session: SandboxSession, seats_left: int) -> Element:
    element = Element(_name("jadwal"), {"id": session.key, "zona": to_zone(session.starts_at)})
    _add(element, _schedule_fields(session, seats_left))
    place = SubElement(element, _name("tempat", REGION), {"kode": _digits(session.region_code)})
    _add(place, _place_fields(session), REGION)
    return element


def _schedule_fields(session: SandboxSession, seats_left: int) -> Fields:
    yield "mulai", _local(session.starts_at)
    yield "selesai", _local(session.ends_at)
    yield "tutup", _local(session.enrolment_ends_at)
    yield "kuota", session.capacity
    yield "sisa", seats_left


def _place_fields(session: SandboxSession) -> Fields:
    yield "nama", session.venue_name
    yield "alamat", session.address
    yield "wilayah", session.region_name


def _receipt(receipt: Mapping[str, Any] | None, status: HTTPStatus) -> web.Response:
    if receipt is None:
        return _fault(status, "RUJUKAN", "rujukan tidak dikenal atau isi tidak terbaca")
    root = Element(_name("tandaTerima"))
    _add(root, receipt.items())
    return _answer(root, status)


def _statement(statement: Mapping[str, Any] | None, status: HTTPStatus) -> web.Response:
    if statement is None:
        return _fault(status, "HARI", "hari atau kelanjutan tidak terbaca")
    root = Element(_name("daftarPendaftaran"), {"hari": statement["day"]})
    if statement["next_cursor"]:
        root.set("lanjut", statement["next_cursor"])
    for line in statement["lines"]:
        element = SubElement(root, _name("pendaftaran"))
        _add(element, ((name, value) for name, value in line.items() if name != "price"))
        price = SubElement(element, _name("price"), {"currency": line["price"]["currency"]})
        price.text = str(line["price"]["amount"])
    return _answer(root, status)


def _order(body: bytes) -> dict[str, Any]:
    """Read a booking.  Raises `ValueError`."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except SyntaxError as exc:
        raise ValueError("not XML") from exc
    order: dict[str, Any] = {child.tag.partition("}")[2]: child.text for child in root}
    return {**order, "price": {"amount": order.get("price")}}


def _add(parent: Element, fields: Fields, namespace: str = TRAINING) -> None:
    """Append a child for each field that has a value."""
    for name, value in fields:
        if value not in (None, ""):
            SubElement(parent, _name(name, namespace)).text = str(value)


def _name(local: str, namespace: str = TRAINING) -> str:
    return f"{{{namespace}}}{local}"


def _digits(region_code: str) -> str:
    return region_code.replace(".", "")


def _duration(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return "PT" + (f"{hours}H" if hours else "") + (f"{rest}M" if rest or not hours else "")


def _local(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def _answer(root: Element, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    body = tostring(root, encoding="utf-8", xml_declaration=True)
    return web.Response(body=body, status=status, content_type="application/xml", charset="utf-8")


def _fault(status: HTTPStatus, code: str, sentence: str) -> web.Response:
    root = Element(_name("galat"), {"kode": code})
    root.text = sentence
    return _answer(root, status)
