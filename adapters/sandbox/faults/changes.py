"""Faults in the text of a list: other types, other names, lying counts, cursors that go round.

Each changes the partner's real answer where its `Anatomy` says.
"""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from adapters.sandbox.faults.anatomy import Anatomy, replaced
from adapters.sandbox.faults.kinds import Act, Exchange
from adapters.sandbox.faults.wire import body_of

Change = Callable[[bytes, Anatomy], bytes]


def changing(change: Change) -> Act:
    """Return the act that sends the real answer, changed."""

    async def send_changed(exchange: Exchange) -> web.StreamResponse:
        answer = await exchange.answer()
        if exchange.anatomy is None or answer.status != 200:  # noqa: PLR2004
            return answer
        return _with_body(answer, change(body_of(answer), exchange.anatomy))

    return send_changed


def rename_title(body: bytes, anatomy: Anatomy) -> bytes:
    """Give every row's title another name."""
    quote = b"" if anatomy.is_plain else b'"'
    return replaced(anatomy.title, body, quote + b"nama_baru" + quote)


def first_price(value: Any) -> Change:
    """Return the change of the first row's price into `value`, of whatever type."""

    def change(body: bytes, anatomy: Anatomy) -> bytes:
        text = json.dumps(value)
        if anatomy.is_plain:
            text = "" if value is None else str(value)
        return replaced(anatomy.price, body, text.encode(), most=1)

    return change


def foreign_currency(body: bytes, anatomy: Anatomy) -> bytes:
    """State the first row's price in a currency that does not exist."""
    text = b"ZZZ" if anatomy.is_plain else b'"ZZZ"'
    return replaced(anatomy.currency, body, text, most=1) if anatomy.currency else body


def no_zone(body: bytes, anatomy: Anatomy) -> bytes:
    """Leave the first session's time zone out."""
    return replaced(anatomy.zone, body, b"", most=1) if anatomy.zone else body


def total_of(number: int) -> Change:
    """Return the change of the total that the partner states."""

    def change(body: bytes, anatomy: Anatomy) -> bytes:
        return replaced(anatomy.total, body, str(number).encode()) if anatomy.total else body

    return change


async def lead_to_itself(exchange: Exchange) -> web.StreamResponse:
    """Name the page that was just asked for as the next one."""
    answer = await exchange.answer()
    anatomy = exchange.anatomy
    asked = await _cursor_of(exchange)
    if anatomy is None or anatomy.cursor is None or asked is None:
        return answer
    return _with_body(answer, replaced(anatomy.cursor, body_of(answer), asked.encode()))


async def lead_away(exchange: Exchange) -> web.StreamResponse:
    """Name an address on another host as the next page."""
    answer = await exchange.answer()
    if exchange.anatomy is None or exchange.anatomy.cursor is None:
        return answer
    away = b"http://169.254.169.254/latest/meta-data/"
    return _with_body(answer, replaced(exchange.anatomy.cursor, body_of(answer), away))


async def _cursor_of(exchange: Exchange) -> str | None:
    """Return the cursor that was asked for, as the partner's format writes it."""
    request = exchange.request
    if request.method == "POST":
        after: str | None = (await request.json())["variables"].get("after")
        return after
    return request.query.get("cursor") or str(request.rel_url)


def _with_body(answer: web.Response, body: bytes) -> web.Response:
    kept = {name: answer.headers[name] for name in ("Content-Type",) if name in answer.headers}
    return web.Response(status=answer.status, headers=kept, body=body)
