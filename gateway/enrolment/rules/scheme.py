"""What one rules file says: the numbers of a scheme, checked, without any judgement.

Days are counted inclusively unless a name says `before` or `after`: within 15 days of the
1st ends with the 15th; 3 days after the 19th is the 22nd.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict, Field

_CHECKED = ConfigDict(extra="forbid")


def _to_zone(name: object) -> object:
    try:
        return ZoneInfo(name) if isinstance(name, str) else name
    except (KeyError, OSError) as exc:
        raise ValueError(f"there is no time zone {name!r}; write it as Asia/Jakarta") from exc


Zone = Annotated[ZoneInfo, BeforeValidator(_to_zone)]

Days = Annotated[int, Field(ge=1, le=3_660, strict=True)]
Margin = Annotated[int, Field(ge=0, le=366, strict=True)]  # days, or hours, before or after
Years = Annotated[int, Field(ge=0, le=150, strict=True)]
Rupiah = Annotated[int, Field(ge=0, le=2**53 - 1, strict=True)]
Day = Annotated[date, Field(strict=True)]
Switch = Annotated[bool, Field(strict=True)]


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Who may take part: ages in full years, both inclusive."""

    __pydantic_config__ = _CHECKED

    youngest: Years
    oldest: Years
    in_formal_education: Switch  # whether one who is may take part


@dataclass(frozen=True, slots=True)
class Purchase:
    """When a course may be bought.

    `next_within_days` counts from the day on which the last course was rated; None: at any time.
    With `one_at_a_time`, nothing is bought before the previous course has ended and is rated.
    The other two are calendar days before the session starts, by how it is taught.
    """

    __pydantic_config__ = _CHECKED

    first_within_days: Days
    one_at_a_time: Switch
    days_before_online: Margin
    days_before_face_to_face: Margin
    next_within_days: Days | None = None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Until when a purchase may be cancelled; both limits hold."""

    __pydantic_config__ = _CHECKED

    days_after_purchase: Margin
    days_before_start: Margin


@dataclass(frozen=True, slots=True)
class Redeeming:
    """When a bought course is redeemed: around the start of its session, or soon if self-paced."""

    __pydantic_config__ = _CHECKED

    hours_before_start: Margin
    hours_after_start_online: Margin
    hours_after_start_face_to_face: Margin
    self_paced_within_days: Days


@dataclass(frozen=True, slots=True)
class PostTest:
    """Until when the post-test is taken."""

    __pydantic_config__ = _CHECKED

    within_days_of_last_meeting: Days
    self_paced_within_days_of_redeeming: Days


@dataclass(frozen=True, slots=True)
class SchemeRules:
    """The rules for those who were announced under a scheme from one day to another.

    `balance` is whole rupiah.  `time_zone` is where the programme counts its days; a session's
    own dates are days of the place where it is held.
    """

    __pydantic_config__ = _CHECKED

    scheme: Annotated[str, Field(min_length=1, max_length=40)]
    valid_from: Day
    time_zone: Zone
    balance: Rupiah
    eligibility: Eligibility
    purchase: Purchase
    cancellation: Cancellation
    redeeming: Redeeming
    post_test: PostTest
    valid_until: Day | None = None

    def days_from(self, day: date) -> int:
        """Return how far `day` is from the days on which these rules hold; 0 within them."""
        if day < self.valid_from:
            return (self.valid_from - day).days
        if self.valid_until is not None and day > self.valid_until:
            return (day - self.valid_until).days
        return 0
