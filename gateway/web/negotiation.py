"""Which form of an answer a client wants, from its `Accept` header.  Pure.

A client that names no form gets `application/json`, as the clients did that came before
`application/graphql-response+json`; one that names both alike gets the newer, which can tell
a refused request by its status.
"""

from collections.abc import Collection, Iterator
from enum import StrEnum
from functools import lru_cache

LONGEST_HEADER = 1_000  # characters of a header of preferences


class Media(StrEnum):
    """The forms that there are; of those that a client names alike, the first is taken."""

    GRAPHQL = "application/graphql-response+json"
    JSON = "application/json"
    EVENTS = "text/event-stream"


_ORDER = tuple(Media)
_BY_WILDCARD = (Media.JSON, Media.GRAPHQL, Media.EVENTS)


@lru_cache(maxsize=256)
def negotiate(accept: str | None, offered: Collection[Media]) -> Media | None:
    """Return the best of what is offered, or None if the client takes none of it."""
    if not accept or not accept.strip():
        return Media.JSON if Media.JSON in offered else None
    ranges = tuple(preferences(accept))
    ranked = [(_rank(media, ranges), media) for media in offered]
    (quality, *_), best = max(ranked, default=((0.0,), None))
    return best if quality > 0 else None


@lru_cache(maxsize=256)
def is_named(media: Media, accept: str | None) -> bool:
    """Return whether a client takes a form and says so itself, not by `*/*`."""
    quality, narrowness, _ = _rank(media, tuple(preferences(accept or "")))
    return quality > 0 and narrowness > 0


def preferences(header: str) -> Iterator[tuple[str, float]]:
    """Yield what a header of preferences names, and how much each is wanted, 0 to 1.

    What cannot be read is left out, and so is a header of more than `LONGEST_HEADER` characters.
    """
    if len(header) > LONGEST_HEADER:
        return
    for part in header.split(","):
        name, *parameters = (word.strip().lower() for word in part.split(";"))
        quality = _quality(parameters)
        if name and quality is not None:
            yield name, quality


def _quality(parameters: Collection[str]) -> float | None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value.strip())
            except ValueError:
                return None
            return quality if 0 <= quality <= 1 else None
    return 1.0


def _rank(media: Media, ranges: Collection[tuple[str, float]]) -> tuple[float, int, int]:
    """Return quality, how narrowly the client named it, and our own preference."""
    wildcards = ("*/*", f"{media.partition('/')[0]}/*", media.value)
    narrowness, quality = max(
        ((wildcards.index(name), quality) for name, quality in ranges if name in wildcards),
        default=(0, 0.0),
    )
    order = _ORDER if wildcards[narrowness] == media.value else _BY_WILDCARD
    return quality, narrowness, -order.index(media)
