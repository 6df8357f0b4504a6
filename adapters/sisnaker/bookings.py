"""Sisnaker's XML of bookings, receipts and statements.  Pure."""

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from adapters.base import Booking
from adapters.enrolments import EnrolmentCodec
from adapters.sisnaker.documents import TRAINING, field_name, read_document, to_record


def to_body(booking: Booking) -> bytes:
    """Write a booking as XML; what is not told has no element."""
    root = Element(f"{{{TRAINING}}}pendaftaran")
    for name in ("reference", "offering", "session", "learner"):
        if value := getattr(booking, name):
            SubElement(root, f"{{{TRAINING}}}{name}").text = value
    price = SubElement(root, f"{{{TRAINING}}}price", {"currency": booking.price.currency})
    price.text = str(booking.price.amount)
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def to_fields(body: bytes) -> Mapping[str, Any]:
    """Read a receipt's fields.  Raises `DocumentError`, which is a `ValueError`."""
    return to_record(read_document(body, "tandaTerima"))


def to_statement_fields(body: bytes) -> Mapping[str, Any]:
    """Read a statement's fields; the root says the day, and where it goes on."""
    root = read_document(body, "daftarPendaftaran")
    lines = [_to_line(each) for each in root if field_name(each.tag) == "pendaftaran"]
    return {"day": root.attrib["hari"], "next_cursor": root.attrib.get("lanjut"), "lines": lines}


def _to_line(element: Element) -> Mapping[str, Any]:
    row = to_record(element)
    if "price" not in row:
        return row
    return {**row, "price": {"amount": row["price"], "currency": row.get("price@currency")}}


CODEC = EnrolmentCodec(to_body, to_fields, "application/xml", to_statement_fields)
