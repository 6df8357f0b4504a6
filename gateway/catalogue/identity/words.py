"""The tables of `spellings.toml`, read once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Spellings:
    """How names are spelled; every word folded.

    `short_forms` and `long_forms` give a legal form's spelling, without spaces, its code;
    the long ones are words enough to be recognised with a slip in them.
    """

    short_forms: Mapping[str, str]
    long_forms: Mapping[str, str]
    endings: frozenset[str]
    abbreviations: Mapping[str, str]
    before: Mapping[str, tuple[str, frozenset[str]]]
    joining: frozenset[str]
    telling: frozenset[str]
    place_kinds: frozenset[str]


@cache
def load_spellings() -> Spellings:
    """Return the tables."""
    raw = tomllib.loads(files(__package__).joinpath("spellings.toml").read_text(encoding="utf-8"))
    forms = [
        (spelling, code) for code, several in raw["legal_forms"].items() for spelling in several
    ]
    long = {_bare(spelling): code for spelling, code in forms if len(spelling) >= LONG_FORM}
    return Spellings(
        short_forms={
            _bare(spelling): code for spelling, code in forms if len(spelling) < LONG_FORM
        },
        long_forms=dict(sorted(long.items(), key=lambda form: -len(form[0]))),
        endings=frozenset(raw["legal_endings"]["words"]),
        abbreviations=raw["abbreviations"],
        before={each["short"]: (each["long"], frozenset(each["words"])) for each in raw["before"]},
        joining=frozenset(raw["joining"]["words"]),
        telling=frozenset(word for words in raw["telling"].values() for word in words),
        place_kinds=frozenset(raw["place_kinds"]["words"]),
    )


LONG_FORM = 12  # letters of a legal form's spelling that may hold a slip


def _bare(spelling: str) -> str:
    return spelling.replace("&", "dan").replace(" ", "")
