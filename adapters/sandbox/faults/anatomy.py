"""Where in a partner's answer stands what a fault changes: patterns over its bytes.

Group 1 of each pattern is what is replaced; None where the format has no such thing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TOTAL = rb'"total": (\d+)'


@dataclass(frozen=True, slots=True)
class Anatomy:
    """One partner's format.

    `title` is the name of a field that every row must have; `total` and `cursor` stand once
    in an answer.  `is_plain` formats write text without quotation marks.
    """

    title: bytes
    price: bytes
    currency: bytes | None = None
    total: bytes | None = None
    cursor: bytes | None = None
    zone: bytes | None = None
    is_plain: bool = False
    has_pages: bool = True
    encoding: str = "utf-8"


ANATOMIES: Mapping[str, Anatomy] = {
    "skill_academy": Anatomy(
        title=rb'("title"): ',
        price=rb'"price": ("\d+")',
        cursor=rb'"next_cursor": "([^"]*)"',
        zone=rb'"timezone": "([^"]+)"',
    ),
    "tokopedia": Anatomy(
        title=rb'"product_id": [^,]+, ("name"): ',
        price=rb'"price": \{"value": (\d+)',
        currency=rb'"currency": ("IDR")',
        total=rb'"total_data": (\d+)',
        zone=rb'"Jadwal", "value": "[^"]+( WI[BT]A?)"',
    ),
    "bukalapak": Anatomy(
        title=rb'"id": "[^"]+", ("name"): ',
        price=rb'"price": (\d+)',
        total=_TOTAL,
        zone=rb'"timezone": "([^"]+)"',
    ),
    "pintaria": Anatomy(
        title=rb'("title"): ',
        price=rb'"price": \{"amount": (\d+)',
        currency=rb'"currency": ("IDR")',
        total=_TOTAL,
        cursor=rb'"next": "([^"]*)"',
        zone=rb'"timezone": "([^"]+)"',
    ),
    "sekolahmu": Anatomy(
        title=rb'("title"): ',
        price=rb'"price": \{"amount": (\d+)',
        currency=rb'"currency": ("IDR")',
        total=rb'"totalCount": (\d+)',
        cursor=rb'"endCursor": "([^"]*)"',
        zone=rb'"timeZone": "([^"]+)"',
    ),
    "maubelajarapa": Anatomy(
        title=rb"kode_kelas;(judul);",
        price=rb";(Rp [\d.]+);",
        is_plain=True,
        has_pages=False,
        encoding="cp1252",
        zone=rb";(WIB|WITA|WIT);",
    ),
    "pijar_mahir": Anatomy(
        title=rb'("fullname"): ',
        price=rb'"price": (\d+)',
        zone=rb'"timezone": "([^"]+)"',
    ),
    "sisnaker": Anatomy(
        title=rb"</?p:(judul)>",
        price=rb"<p:biaya[^>]*>(\d+)<",
        currency=rb'<p:biaya[^>]* mataUang="(IDR)"',
        total=rb' total="(\d+)"',
        is_plain=True,
        zone=rb' zona="([^"]+)"',
    ),
    "bina_bumn": Anatomy(
        title=rb'("judul"):',
        price=rb'"jual":(\d+)',
        currency=rb'"mata_uang":("IDR")',
        has_pages=False,
        zone=rb'"zona":"([^"]+)"',
    ),
    "pasar_kelas": Anatomy(
        title=rb"kode_kelas;(judul);",
        price=rb";(Rp [\d.]+);",
        is_plain=True,
        has_pages=False,
        zone=rb";(WIB|WITA|WIT);",
    ),
}


def replaced(pattern: bytes, body: bytes, by: bytes, *, most: int = 0) -> bytes:
    """Return `body` with group 1 of `pattern` replaced, `most` times (0: everywhere)."""

    def exchange(match: re.Match[bytes]) -> bytes:
        start, end = match.start(1) - match.start(), match.end(1) - match.start()
        return match[0][:start] + by + match[0][end:]

    return re.sub(pattern, exchange, body, count=most)
