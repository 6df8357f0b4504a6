"""How a feed's files are asked whether they have changed.  Pure.

What is made of a file depends on the options that read it: with others the same file says
something else, so validators are bound to a digest of the options.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import orjson

from adapters.base import PartnerSettings, Validators

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Conditions:
    """Validators of files that one page is made of, and the headers that ask with them."""

    reading: str

    def validators(self, answers: Sequence[Headers]) -> Validators:
        """Return what the files' headers tell; empty unless each of them tells something."""
        told = [(each.get("etag"), each.get("last-modified")) for each in answers]
        if (None, None) in told:
            return Validators()
        return Validators(etag=f"{self.reading} {orjson.dumps(told).decode()}")

    def headers(self, known: Validators | None, files: int) -> list[Headers]:
        """Return for each of the files the headers that ask whether it is as `known`."""
        reading, _, told = ((known and known.etag) or "").partition(" ")
        pairs = _pairs(told) if reading == self.reading else []
        return list(map(_asking, pairs)) if len(pairs) == files else [{} for _ in range(files)]


def build_conditions(settings: PartnerSettings) -> Conditions:
    """Return how the files of a partner with these options are asked."""
    options = orjson.dumps(settings.options, option=orjson.OPT_SORT_KEYS, default=str)
    return Conditions(sha256(options).hexdigest()[:16])


def _pairs(told: str) -> list[tuple[str | None, str | None]]:
    try:
        return [(etag, modified) for etag, modified in orjson.loads(told)]
    except (ValueError, TypeError):  # kept by another version
        return []


def _asking(pair: tuple[str | None, str | None]) -> Headers:
    named = zip(("If-None-Match", "If-Modified-Since"), pair, strict=True)
    return {name: value for name, value in named if value}
