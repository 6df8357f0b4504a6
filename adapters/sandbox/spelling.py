"""How else a partner may spell a name: the noise that joining must see through.

For tests only; the demo spells alike.  Each function is deterministic in its dice.
"""

from dataclasses import replace
from random import Random

from adapters.sandbox.dice import dice
from adapters.sandbox.world import SandboxOffering
from schema.model.values import PartnerCode

_LEGAL_FORMS = (
    ("PT ", ("PT. ", "P.T. ", "")),
    ("CV ", ("CV. ", "")),
    ("LKP ", ("Lembaga Kursus dan Pelatihan ", "L.K.P. ", "")),
    ("LPK ", ("Lembaga Pelatihan Kerja ", "")),
    ("BLK ", ("Balai Latihan Kerja ", "UPTD BLK ")),
    ("Yayasan ", ("Yys. ", "")),
)
_ABBREVIATIONS = (
    (" untuk ", " utk "), (" dengan ", " dgn "), (" dan ", " & "), ("Tingkat ", "Tk. "),
    ("Bahasa ", "B. "), ("Microsoft ", "MS "), ("Manajemen ", "Mgmt "),
)  # fmt: skip


def respelt(seed: int, offering: SandboxOffering, partner: PartnerCode) -> SandboxOffering:
    """Return a shared offering as `partner` may spell it.

    Titles differ one by one; a partner spells an institution always in the same way.
    """
    title_dice = dice(seed, "title", offering.course, partner)
    name_dice = dice(seed, "name", offering.institution, partner)
    return replace(
        offering,
        title=_respelt_title(title_dice, offering.title),
        institution=_respelt_institution(name_dice, offering.institution),
    )


def _respelt_title(rng: Random, title: str) -> str:
    return rng.choice((_abbreviated, _recased, _slipped))(rng, title)


def _respelt_institution(rng: Random, name: str) -> str:
    for form, others in _LEGAL_FORMS:
        if name.startswith(form):
            name = rng.choice(others) + name.removeprefix(form)
            break
    return rng.choice((_unchanged, _recased, _slipped))(rng, name)


def _unchanged(_: Random, text: str) -> str:
    return text


def _abbreviated(_: Random, text: str) -> str:
    for long, short in _ABBREVIATIONS:
        text = text.replace(long, short)
    return text


def _recased(rng: Random, text: str) -> str:
    return rng.choice((text.upper(), text.lower(), text.capitalize()))


def _slipped(rng: Random, text: str) -> str:
    """Swap two neighbouring letters, lose one, or double one."""
    at = rng.randrange(1, len(text) - 1)
    before, letter, after = text[:at], text[at], text[at + 1 :]
    return rng.choice(
        (before + after[0] + letter + after[1:], before + after, before + letter * 2 + after)
    )
