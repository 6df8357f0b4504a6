"""What partners write, made safe to store, print and show.  Pure: text in, text out.

Partners' words are hostile until they have been here.  Cleaning twice changes nothing,
so a row that is stored can be compared with the same row fetched again.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from html import unescape
from urllib.parse import urlsplit

import nh3

from adapters.parsing import category
from schema.model.catalogue import Category, ListedCourse, Offering, Session, UnknownTerm, Venue

TITLE_LENGTH = 300
SUMMARY_LENGTH = 1_000
EXCERPT_LENGTH = 300
NAME_LENGTH = 200
HTML_LENGTH = 100_000
URL_LENGTH = 2_000
LANGUAGE_LENGTH = 35  # characters, as the longest code that anybody uses
MOST_LANGUAGES = 20
BEST_RATING = 5.0

VERSION = 2  # raise it when cleaning changes: what stands is then cleaned anew

_TAGS = {"p", "br", "ul", "ol", "li", "b", "strong", "i", "em", "h3", "h4", "a"}
_BLOCK = re.compile(r"</?(?:p|br|div|ul|ol|li|h[1-6]|tr|td)\b", re.IGNORECASE)
_MARKUP = re.compile(r"<[a-z/!?][^>]*>", re.IGNORECASE)
_EMPTY = re.compile(r"<(p|b|strong|i|em|h3|h4|li)>(?:\s|&nbsp;|<br>)*</\1>")
_TERMINAL_CODE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor moves
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # window titles, links
    r"|\x1b[@-Z\\^_]"
)
# Markup that still changes after so many passes, or is nothing but tags, was written to
# do harm: it is dropped.
_PASSES = 6
_MOST_TAGS = 5_000


def clean_offering(offering: Offering) -> Offering:
    """Return `offering` as it may be stored: no scripts, nothing invisible, nothing endless.

    A title of which nothing visible is left comes back empty: the caller refuses it.
    Keys and times are left alone, they are identity.
    """
    return replace(
        offering,
        listed=_clean_listed(offering.listed),
        url=_web_address(offering.url),
        sessions=tuple(map(_clean_session, offering.sessions)),
        unknown_terms=clean_terms(offering.unknown_terms),
    )


def clean_name(text: str, limit: int = NAME_LENGTH) -> str:
    """Return `text` as a name: one line of what can be seen, at most `limit` characters."""
    return cut(visible(text), limit)


def clean_terms(terms: Iterable[UnknownTerm]) -> tuple[UnknownTerm, ...]:
    """Return the words that no mapping knows, safe to print."""
    return tuple(replace(term, text=clean_name(term.text)) for term in terms)


def clean_html(html: str) -> str | None:
    """Return `html` reduced to a few harmless tags; None when nothing is left to show."""
    for _ in range(_PASSES):
        if html.count("<") > _MOST_TAGS:
            return None
        before, html = html, _sanitised(html)
        if html == before:
            return html or None
    return None


def clean_summary(text: str, limit: int = SUMMARY_LENGTH) -> str | None:
    """Return `text`, which may be markup, as plain text of at most `limit` characters."""
    plain = visible(text[: 4 * limit])
    while "<" in plain or "&" in plain:
        before, plain = plain, _unmarked(plain)  # "&amp;lt;b&amp;gt;" hides a tag twice
        if plain == before:
            break
    return cut(plain, limit) or None


def visible(text: str) -> str:
    """Return `text` in one line with single spaces, without what a reader cannot see.

    Gone are control, bidirectional and zero-width characters, terminal codes, lone
    surrogates and whatever else Python calls unprintable.
    """
    if text.isprintable():  # most are: this costs a fortieth of what follows
        return " ".join(text.split()) if "  " in text else text.strip()
    if "\x1b" in text or "\x9b" in text:
        text = _TERMINAL_CODE.sub("", text)
    joined = " ".join(text.split())
    if joined.isprintable():
        return joined
    return " ".join(filter(None, map(_printable, joined.split(" "))))


def cut(text: str, limit: int) -> str:
    """Return `text`, if longer than `limit` cut at a word and ended with an ellipsis."""
    if len(text) <= limit:
        return text
    head, space, _ = text[:limit].rpartition(" ")
    return f"{(head if space else text[: limit - 1]).rstrip()}…"


def _clean_listed(listed: ListedCourse) -> ListedCourse:
    html = clean_html(listed.description_html) if listed.description_html else None
    summary = clean_summary(listed.summary) if listed.summary else None
    return replace(
        listed,
        title=clean_name(listed.title, TITLE_LENGTH),
        institution=clean_name(listed.institution),
        summary=summary or (clean_summary(html, EXCERPT_LENGTH) if html else None),
        description_html=html,
        category=clean_category(listed.category),
        languages=_clean_languages(listed.languages),
        rating=_clean_rating(listed.rating),
        image_url=_web_address(listed.image_url),
    )


def clean_category(found: Category | None) -> Category | None:
    """Return a category of which nothing is invisible; None when nothing is left to show."""
    if found is None:
        return None
    name = clean_name(found.name)
    if name == found.name:
        return found
    return category(name) if name else None


def _clean_languages(told: tuple[str, ...]) -> tuple[str, ...]:
    named = dict.fromkeys(clean_name(each, LANGUAGE_LENGTH) for each in told[:MOST_LANGUAGES])
    return tuple(filter(None, named))


def _clean_rating(rating: float | None) -> float | None:
    if rating is None or not math.isfinite(rating):
        return None
    return min(max(rating, 0.0), BEST_RATING)


def _clean_session(session: Session) -> Session:
    return replace(session, venue=_clean_venue(session.venue)) if session.venue else session


def _clean_venue(venue: Venue) -> Venue:
    return Venue(
        name=_optional_name(venue.name),
        address=_optional_name(venue.address),
        region_code=_optional_name(venue.region_code),
        region_name=_optional_name(venue.region_name),
    )


def _optional_name(text: str | None) -> str | None:
    return clean_name(text) or None if text else None


def _web_address(url: str | None) -> str | None:
    """Return `url` if a browser may be sent there.

    Names and passwords before the host are a disguise ("https://bank.id@evil.test").
    """
    url = (url or "").strip()
    if len(url) > URL_LENGTH or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    is_web = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    return url if is_web else None


def _sanitised(html: str) -> str:
    seen = visible(html[:HTML_LENGTH])
    kept = _CLEANER.clean(seen)
    if kept == seen and not _EMPTY.search(kept):  # the second pass over almost everything
        return kept
    return visible(_EMPTY.sub("", kept))  # again: "&#8238;" has become the character


def _to_attribute(_tag: str, name: str, value: str) -> str | None:
    return _web_address(value) if name == "href" else value


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes={"a": {"href"}},
    attribute_filter=_to_attribute,
    url_schemes={"https"},
    url_relative="deny",
    link_rel="nofollow noopener",
)


def _unmarked(text: str) -> str:
    if _MARKUP.search(text):
        text = nh3.clean(_BLOCK.sub(r" \g<0>", text), tags=set())
    return visible(unescape(text))


def _printable(word: str) -> str:
    return word if word.isprintable() else "".join(filter(str.isprintable, word))
