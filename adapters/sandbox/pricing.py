"""What courses cost: whole rupiah, a price of the course and each partner's own on top."""

from dataclasses import dataclass

from adapters.sandbox.courses import DistinctCourse
from adapters.sandbox.dice import dice
from adapters.sandbox.words import Family
from schema.model.values import DeliveryMode, PartnerCode

_FREE_SHARE = {Family.SCHOOL: 0.03, Family.STUDIO: 0.01, Family.CENTRE: 0.2}
_TYPICAL = range(150_000, 1_000_001, 25_000)
_SMALL = range(49_000, 150_000, 10_000)
_LARGE = range(1_050_000, 2_250_001, 50_000)
_LAST_DIGITS = (0, 0, 0, 500, 700, 900)  # "Rp 89.700"
_DISCOUNTED_SHARE = 0.25
_DISCOUNTS = (10, 15, 20, 25, 30, 40, 50)  # per cent


@dataclass(frozen=True, slots=True)
class Price:
    """What is paid, and what was asked before a discount, if there is one."""

    amount: int
    list_amount: int | None = None


def to_price(seed: int, course: DistinctCourse, partner: PartnerCode) -> Price:
    """Return what `partner` asks for `course`; a course that is free is free everywhere."""
    rng = dice(seed, "price", course.number)
    if rng.random() < _FREE_SHARE[course.school.family]:
        return Price(0)
    large = 20 if course.mode is DeliveryMode.ONSITE else 3
    band = rng.choices((_TYPICAL, _SMALL, _LARGE), (100 - large - 8, 8, large))[0]
    base = rng.choice(band)
    own = dice(seed, "price", course.number, partner)
    amount = _to_thousands(base * own.uniform(0.9, 1.1)) + own.choice(_LAST_DIGITS)
    if own.random() >= _DISCOUNTED_SHARE:
        return Price(amount)
    return Price(amount, _to_thousands(amount * 100 / (100 - own.choice(_DISCOUNTS))))


def _to_thousands(rupiah: float) -> int:
    return round(rupiah / 1_000) * 1_000
