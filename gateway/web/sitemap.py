"""The sitemap, which leads search engines to every course.  Pure: addresses in, XML out."""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

MOST_URLS = 50_000  # in one part: the protocol's bound
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def to_sitemap_index(parts: Iterable[tuple[str, datetime | None]]) -> str:
    """Return the index of a sitemap's parts: (address, when something in it last changed)."""
    return _document("sitemapindex", "sitemap", parts)


def to_sitemap(pages: Iterable[tuple[str, datetime | None]]) -> str:
    """Return one part of a sitemap: (address, when the page last changed)."""
    return _document("urlset", "url", pages)


def to_robots(sitemap: str) -> str:
    """Return what crawlers may visit; `sitemap` is the address of the index."""
    return f"User-agent: *\nDisallow: /graphql\n\nSitemap: {sitemap}\n"


def _document(root: str, entry: str, addresses: Iterable[tuple[str, datetime | None]]) -> str:
    entries = (
        f"<{entry}><loc>{escape(address)}</loc>{_lastmod(changed)}</{entry}>\n"
        for address, changed in addresses
    )
    return f"{_HEAD}<{root} {_XMLNS}>\n{''.join(entries)}</{root}>\n"


def _lastmod(changed: datetime | None) -> str:
    if changed is None:
        return ""
    return f"<lastmod>{changed.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</lastmod>"
