"""Which partners sell a course: one first, and for some courses up to three others."""

from collections.abc import Mapping, Sequence

from adapters.sandbox.courses import DistinctCourse
from adapters.sandbox.dice import dice
from adapters.sandbox.words import Family
from schema.model.values import DeliveryMode, PartnerCode

SHARED_COURSES = 150

# Who sells the courses of a family first, with each partner's share.
_FIRST_SELLERS: Mapping[Family, Mapping[str, int]] = {
    Family.SCHOOL: {
        "skill_academy": 22, "tokopedia": 19, "bukalapak": 14, "pintaria": 13,
        "sekolahmu": 13, "pijar_mahir": 14, "bina_bumn": 5,
    },
    Family.STUDIO: {"maubelajarapa": 62, "pasar_kelas": 38},
    Family.CENTRE: {"sisnaker": 1},
}  # fmt: skip
_ONSITE_SELLERS = ("maubelajarapa", "pasar_kelas", "sisnaker")
_ONLINE_SELLERS = (*_FIRST_SELLERS[Family.SCHOOL], "sisnaker")
_MORE_SELLERS = {1: 65, 2: 25, 3: 10}  # how many others sell a shared course, and how often


def sellers_of(seed: int, courses: Sequence[DistinctCourse]) -> list[tuple[PartnerCode, ...]]:
    """Return the sellers of each course, the first seller first."""
    shared = set(dice(seed, "shared").sample(range(len(courses)), k=SHARED_COURSES))
    return [_sellers(seed, course, shared=course.number in shared) for course in courses]


def _sellers(seed: int, course: DistinctCourse, *, shared: bool) -> tuple[PartnerCode, ...]:
    rng = dice(seed, "sellers", course.number)
    shares = _FIRST_SELLERS[course.school.family]
    first = rng.choices(list(shares), list(shares.values()))[0]
    if not shared:
        return (PartnerCode(first),)
    onsite = course.mode is DeliveryMode.ONSITE
    others = [each for each in (_ONSITE_SELLERS if onsite else _ONLINE_SELLERS) if each != first]
    wanted = rng.choices(list(_MORE_SELLERS), list(_MORE_SELLERS.values()))[0]
    more = rng.sample(others, k=min(wanted, len(others)))
    return tuple(map(PartnerCode, (first, *more)))
