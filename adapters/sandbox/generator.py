"""The sandbox's catalogue: 1,500 courses of 192 institutions on the shelves of ten partners.

Pure and seeded: the same seed and day give the same world, byte for byte, in every
process.  Sessions move with the week, so the demo always has coming ones.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from adapters.sandbox.courses import COURSE_COUNT, make_courses
from adapters.sandbox.offers import to_offering
from adapters.sandbox.prose import to_wording
from adapters.sandbox.secrets import SANDBOX_PARTNERS
from adapters.sandbox.sellers import sellers_of
from adapters.sandbox.spelling import respelt
from adapters.sandbox.words import Setting, load_vocabulary
from adapters.sandbox.world import SandboxOffering
from schema.model.values import PartnerCode

DEMO_SEED = 2020
OPENING_DAY = date(2020, 4, 11)  # the programme's; the running sandbox passes the real day

_ARCHIVED_ROWS = {PartnerCode("skill_academy"): 3}
# One in so many can be bought at these partners' own sites only.
_LINK_ONLY = {
    "tokopedia": 40, "bukalapak": 40, "sekolahmu": 50, "maubelajarapa": 30, "bina_bumn": 20,
}  # fmt: skip
_BUNDLES = {"tokopedia": 25, "bina_bumn": 25}  # one in so many is sold as a bundle


def generate(
    seed: int = DEMO_SEED, *, noise: bool = False, today: date = OPENING_DAY
) -> dict[PartnerCode, tuple[SandboxOffering, ...]]:
    """Return what every sandbox partner has on its shelf.

    With `noise`, partners spell shared courses and institutions each in their own way;
    nothing else differs.
    """
    setting = Setting(seed, today, load_vocabulary())
    courses = make_courses(seed, setting.vocabulary)
    shelves: dict[PartnerCode, list[SandboxOffering]] = {code: [] for code in SANDBOX_PARTNERS}
    for course, sellers in zip(courses, sellers_of(seed, courses), strict=True):
        wording = to_wording(seed, course)
        for partner in sellers:
            offering = to_offering(setting, course, partner, wording)
            if noise and partner != sellers[0]:
                offering = respelt(seed, offering, partner)
            shelves[partner].append(offering)
    return {
        code: (*_marked(code, shelf), *_archived(code, shelf)) for code, shelf in shelves.items()
    }


def _marked(code: PartnerCode, shelf: Sequence[SandboxOffering]) -> Iterator[SandboxOffering]:
    """Yield the shelf: some offerings, and the first free one, not bookable, some bundles."""
    every, bundles = _LINK_ONLY.get(code), _BUNDLES.get(code)
    first_free = next((row.key for row in shelf if row.price == 0), None)
    for number, row in enumerate(shelf):
        link_only = every and (number % every == every // 2 or row.key == first_free)
        bundle = bool(bundles and number % bundles == bundles - 1)
        yield replace(row, bookable=not link_only, bundle=bundle)


def _archived(code: PartnerCode, shelf: Sequence[SandboxOffering]) -> Iterator[SandboxOffering]:
    """Yield earlier editions, which the partner lists but no longer sells."""
    for number, row in enumerate(shelf[: _ARCHIVED_ROWS.get(code, 0)]):
        yield replace(
            row,
            key=f"{row.key}-2019",
            course=COURSE_COUNT + number,
            title=f"{row.title} (Edisi 2019)",
            url=f"{row.url}-2019",
            sessions=(),
            archived=True,
        )
