"""Poison on the shelf: rows that are wrong, double, missing or far too many.

Each takes a partner's rows and returns others; the partner's own format carries them.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiohttp import web

from adapters.sandbox.faults.kinds import Act, Exchange
from adapters.sandbox.shelf import Rows
from adapters.sandbox.world import SandboxOffering, SandboxSession

Spoil = Callable[[Rows], Rows]

SCRIPT = '<script>alert("x")</script><img src=x onerror=alert(1)>'
ANSI = "\x1b[2J\x1b]0;dikuasai\x07\x1b[31m"
BIDI = "\u202egnp.exe\u202c\u200b"
HOSTILE_HTML = (
    f'<p>Aman</p>{SCRIPT}<a href="javascript:alert(1)">klik</a><svg onload=alert(1)>'
    '<a href="data:text/html,x">data</a><iframe src="http://169.254.169.254/"></iframe>'
    "<p>{{7*7}} ${7*7} <%= 7*7 %></p>"
)
HOSTILE_LINKS = (
    "http://127.0.0.1:6379/",
    "http://[::ffff:169.254.169.254]/latest/meta-data/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://localtest.me/",
    "https://bank.example@evil.example/",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://127。0。0。1/",
)


def spoiling(spoil: Spoil) -> Act:
    """Return the act that answers from a spoilt shelf."""

    async def show_spoilt(exchange: Exchange) -> web.StreamResponse:
        if "rows" not in exchange.memory:
            exchange.memory["rows"] = tuple(spoil(exchange.rows))
        with exchange.showing(exchange.memory["rows"]):
            return await exchange.answer()

    return show_spoilt


def first(**told: Any) -> Spoil:
    """Return what changes the first row that is sold."""
    return lambda rows: _with_first(rows, _is_sold, lambda row: replace(row, **told))


def first_session(change: Callable[[SandboxSession], SandboxSession]) -> Spoil:
    """Return what changes the first session of the first row that has one."""

    def spoil(row: SandboxOffering) -> SandboxOffering:
        return replace(row, sessions=(change(row.sessions[0]), *row.sessions[1:]))

    return lambda rows: _with_first(rows, lambda row: _is_sold(row) and bool(row.sessions), spoil)


def backwards(session: SandboxSession) -> SandboxSession:
    """Return the session ending before it starts."""
    return replace(session, ends_at=session.starts_at - timedelta(days=2))


def in_year(year: int) -> Callable[[SandboxSession], SandboxSession]:
    """Return what moves a session into that year."""

    def move(session: SandboxSession) -> SandboxSession:
        starts_at = session.starts_at.replace(year=year, day=1)
        return replace(session, starts_at=starts_at, ends_at=starts_at + timedelta(days=1))

    return move


def twice(rows: Rows) -> Rows:
    """List the first row twice under one key, with another title."""
    row = next(filter(_is_sold, rows))
    at = list(rows).index(row)
    return (*rows[: at + 1], replace(row, title=f"{row.title} (lagi)"), *rows[at + 1 :])


def each_on_two_pages(rows: Rows) -> Rows:
    """List every row again behind all others."""
    return (*rows, *rows)


def none(_: Rows) -> Rows:
    """List nothing."""
    return ()


def without(share: float) -> Spoil:
    """Return what takes about this share of the rows away, here and there."""
    return lambda rows: [
        row for n, row in enumerate(rows) if int(n * share) == int((n + 1) * share)
    ]


def grown(times: int) -> Spoil:
    """Return what lists every row so many times over, under new keys."""

    def spoil(rows: Rows) -> Rows:
        more = [
            replace(row, key=_numbered(row.key, n), sessions=())
            for n in range(1, times)
            for row in rows
        ]
        return (*rows, *more)

    return spoil


def priced(times: int) -> Spoil:
    """Return what multiplies every price."""

    def spoil(row: SandboxOffering) -> SandboxOffering:
        before = None if row.list_price is None else row.list_price * times
        return replace(row, price=row.price * times, list_price=before)

    return lambda rows: [spoil(row) for row in rows]


def hostile_words(rows: Rows) -> Rows:
    """Write scripts, terminal codes and endless text into some titles and descriptions."""
    titles = (f"{SCRIPT} Barista", f"{ANSI}Barista", f"Barista {BIDI}", "{{7*7}} Barista")
    changed = [
        replace(row, title=title, summary=HOSTILE_HTML, description_html=HOSTILE_HTML)
        for row, title in zip(rows, titles, strict=False)
    ]
    return (*changed, *rows[len(changed) :])


def endless_words(rows: Rows) -> Rows:
    """Write a megabyte into the first title, and another into its description."""
    text = "Panjang sekali " * 70_000
    row = next(filter(_is_sold, rows))
    return _with_first(
        rows, lambda each: each is row, lambda r: replace(r, title=text, summary=text)
    )


def hostile_links(rows: Rows) -> Rows:
    """Let rows link to places where nobody should be sent, and nothing be fetched."""
    changed = [
        replace(row, image_url=link, url=link)
        for row, link in zip(rows, HOSTILE_LINKS, strict=False)
    ]
    return (*changed, *rows[len(changed) :])


async def slide(exchange: Exchange) -> web.StreamResponse:
    """Take the first row away after every page, so that one of the rest slips by."""
    rows = exchange.memory.setdefault("rows", tuple(exchange.rows))
    exchange.memory["rows"] = rows[1:]
    with exchange.showing(rows):
        return await exchange.answer()


def _with_first(
    rows: Rows,
    fits: Callable[[SandboxOffering], bool],
    change: Callable[[SandboxOffering], SandboxOffering],
) -> Rows:
    """Return `rows` with the first that fits changed, and put where the first page shows it."""
    at = next(n for n, row in enumerate(rows) if fits(row))
    moved = list(rows)
    moved[at] = rows[0]
    moved[0] = change(rows[at])
    return moved


def _is_sold(row: SandboxOffering) -> bool:
    return not row.archived


def _numbered(key: str, number: int) -> str:
    return f"{key}{number:02d}" if key.isdecimal() else f"{key}-{number}"
