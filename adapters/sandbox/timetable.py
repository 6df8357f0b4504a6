"""When and where the sandbox's dated courses run.

A course runs every few weeks, counted from a fixed Monday, so a session keeps its key,
dates and seats from day to day: weeks pass, sessions leave at the front and new ones come
at the back.  The first is always still open for enrolment.
"""

from datetime import date, datetime, time, timedelta
from math import ceil
from random import Random
from zoneinfo import ZoneInfo

from adapters.sandbox.courses import DistinctCourse
from adapters.sandbox.dice import dice
from adapters.sandbox.words import Setting, Vocabulary
from adapters.sandbox.world import SandboxSession
from schema.model.values import DeliveryMode, PartnerCode

_FIRST_MONDAY = date(2020, 1, 6)
_NOTICE = timedelta(days=14)  # the first session listed is at least this far from Monday
_CUT_OFF = {DeliveryMode.ONSITE: timedelta(days=3), DeliveryMode.LIVE_ONLINE: timedelta(days=1)}
_MINUTES_A_DAY = {DeliveryMode.ONSITE: 480, DeliveryMode.LIVE_ONLINE: 180}
_STARTS = {DeliveryMode.ONSITE: (8, 9), DeliveryMode.LIVE_ONLINE: (9, 13, 19)}
_CAPACITIES = (15, 16, 20, 20, 24, 25, 30, 30, 35, 40)
_FULL, _NEARLY_FULL = 0.03, 0.13
_CLOSED_EARLY = 0.04  # of the sessions after the first
_ONLINE_ZONE = ZoneInfo("Asia/Jakarta")


def to_sessions(
    setting: Setting, course: DistinctCourse, partner: PartnerCode, offering_key: str
) -> tuple[SandboxSession, ...]:
    """Return the coming sessions of `course` at `partner`, soonest first; none if self-paced.

    Dates are the course's, seats the partner's share of them.  Live online sessions have
    empty venue fields.
    """
    if course.mode is DeliveryMode.SELF_PACED:
        return ()
    rng = dice(setting.seed, "timetable", course.number)
    weeks, weekday = rng.randint(2, 6), rng.randrange(6)
    hour = rng.choice(_STARTS[course.mode])
    place = _to_place(rng, course, setting.vocabulary)
    offset, count = rng.randrange(weeks), rng.randint(1, 3)
    days = _coming_days(setting.today, offset, weeks, weekday, count=count)
    return tuple(
        _to_session(
            dice(setting.seed, "seats", course.number, partner, day),
            course,
            f"{offering_key}-{day:%y%m%d}",
            _starts_at(course, day, hour),
            place,
            may_close=number > 0,
        )
        for number, day in enumerate(days)
    )


def _coming_days(today: date, offset: int, weeks: int, weekday: int, *, count: int) -> list[date]:
    monday = today - timedelta(days=today.weekday())
    earliest = monday + _NOTICE
    first = _FIRST_MONDAY + timedelta(weeks=offset, days=weekday)
    rounds = max(0, ceil((earliest - first) / timedelta(weeks=weeks)))
    return [first + timedelta(weeks=weeks * (rounds + n)) for n in range(count)]


def _starts_at(course: DistinctCourse, day: date, hour: int) -> datetime:
    onsite = course.mode is DeliveryMode.ONSITE
    return datetime.combine(day, time(hour), course.school.region.zone if onsite else _ONLINE_ZONE)


def _to_place(rng: Random, course: DistinctCourse, vocabulary: Vocabulary) -> dict[str, str]:
    if course.mode is not DeliveryMode.ONSITE:
        return dict.fromkeys(("venue_name", "address", "region_code", "region_name"), "")
    region = course.school.region
    return {
        "venue_name": f"{rng.choice(vocabulary.rooms)} {course.school.name}",
        "address": f"{rng.choice(vocabulary.streets)} No. {rng.randint(1, 180)}, {region.name}",
        "region_code": region.code,
        "region_name": region.name,
    }


def _to_session(
    rng: Random,
    course: DistinctCourse,
    key: str,
    starts_at: datetime,
    place: dict[str, str],
    *,
    may_close: bool,
) -> SandboxSession:
    days = ceil(course.minutes / _MINUTES_A_DAY[course.mode])
    last_day = timedelta(days=days - 1, minutes=ceil(course.minutes / days))
    capacity = rng.choice(_CAPACITIES)
    closes_at = starts_at - _CUT_OFF[course.mode]
    seats = _seats_left(rng, capacity)
    if may_close and rng.random() < _CLOSED_EARLY:
        closes_at = starts_at - timedelta(days=120)
    return SandboxSession(
        key=key,
        starts_at=starts_at,
        ends_at=starts_at + last_day,
        enrolment_ends_at=closes_at,
        capacity=capacity,
        seats_left=seats,
        **place,
    )


def _seats_left(rng: Random, capacity: int) -> int:
    luck = rng.random()
    if luck < _FULL:
        return 0
    if luck < _NEARLY_FULL:
        return rng.randint(1, 3)
    return rng.randint(capacity // 3, capacity)
