"""From when and until when: the programme's day counting.  Pure: rules and moments in, days out.

Days are counted inclusively, in the programme's zone where a purchase, a rating or an
announcement begins them, and in the session's own zone (that of its venue) where its dates do.
A session's moment must come with that zone, as the catalogue gives it, and not in UTC.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from gateway.enrolment.rules.scheme import SchemeRules
from schema.model.catalogue import Session
from schema.model.values import DeliveryMode


class Teaching(StrEnum):
    """How a course is taught, as far as the rules tell ways apart."""

    SELF_PACED = "SELF_PACED"
    ONLINE = "ONLINE"
    FACE_TO_FACE = "FACE_TO_FACE"


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day for something, as the calendar of `zone` has it."""

    last_day: date
    zone: tzinfo

    @property
    def passes_at(self) -> datetime:
        """The first moment that is too late."""
        return datetime.combine(_shifted(self.last_day, 1), time.min, self.zone)

    def has_passed(self, now: datetime) -> bool:
        """Return whether it is too late."""
        return now >= self.passes_at


@dataclass(frozen=True, slots=True)
class Period:
    """From `opens_at` until just before `closes_at`."""

    opens_at: datetime
    closes_at: datetime

    def __contains__(self, moment: datetime) -> bool:
        """Return whether a moment lies within."""
        return self.opens_at <= moment < self.closes_at


def teaching_of(mode: DeliveryMode, session: Session | None) -> Teaching:
    """Return how a course is taught; what nobody told is concluded from its session."""
    if mode in {DeliveryMode.ONSITE, DeliveryMode.BLENDED}:
        return Teaching.FACE_TO_FACE
    if mode is DeliveryMode.SELF_PACED or (mode is DeliveryMode.UNKNOWN and session is None):
        return Teaching.SELF_PACED
    is_placed = mode is DeliveryMode.UNKNOWN and session is not None and session.venue is not None
    return Teaching.FACE_TO_FACE if is_placed else Teaching.ONLINE


def first_purchase_deadline(rules: SchemeRules, announced_on: date) -> Deadline:
    """Rule 1: until when somebody who was announced on a day buys a first course."""
    within = rules.purchase.first_within_days
    return Deadline(_last_of(within, announced_on), rules.time_zone)


def next_purchase_deadline(rules: SchemeRules, rated_at: datetime) -> Deadline | None:
    """Rule 2: until when the next course is bought; None: whenever one likes."""
    within = rules.purchase.next_within_days
    if within is None:
        return None
    return Deadline(_last_of(within, day_in(rules.time_zone, rated_at)), rules.time_zone)


def purchase_cut_off(rules: SchemeRules, teaching: Teaching, starts_at: datetime) -> Deadline:
    """Rule 3: until when a session that starts then may be bought, in the session's zone."""
    purchase = rules.purchase
    is_face_to_face = teaching is Teaching.FACE_TO_FACE
    before = purchase.days_before_face_to_face if is_face_to_face else purchase.days_before_online
    return _before_start(starts_at, before)


def cancellation_window(
    rules: SchemeRules, bought_at: datetime, starts_at: datetime | None
) -> Period | None:
    """Rule 4: when a purchase may be cancelled; None: never.  Without a start, that side is open.

    What may be bought late, by rule 3, may be too late to be cancelled from the first moment.
    """
    zone, limits = rules.time_zone, rules.cancellation
    bought_on = day_in(zone, bought_at)
    closes_at = Deadline(_shifted(bought_on, limits.days_after_purchase), zone).passes_at
    if starts_at is not None:
        closes_at = min(closes_at, _before_start(starts_at, limits.days_before_start).passes_at)
    return Period(bought_at, closes_at) if bought_at < closes_at else None


def can_cancel(
    rules: SchemeRules, bought_at: datetime, starts_at: datetime | None, now: datetime
) -> bool:
    """Return whether a purchase may be cancelled now, by rule 4."""
    window = cancellation_window(rules, bought_at, starts_at)
    return window is not None and now in window


def redeem_window(
    rules: SchemeRules, teaching: Teaching, bought_at: datetime, starts_at: datetime | None
) -> Period:
    """Rule 5: when a course is redeemed; one whose start was not told as if self-paced."""
    limits = rules.redeeming
    if teaching is Teaching.SELF_PACED or starts_at is None:
        last_day = _last_of(limits.self_paced_within_days, day_in(rules.time_zone, bought_at))
        return Period(bought_at, Deadline(last_day, rules.time_zone).passes_at)
    is_face_to_face = teaching is Teaching.FACE_TO_FACE
    after = (
        limits.hours_after_start_face_to_face
        if is_face_to_face
        else limits.hours_after_start_online
    )
    return Period(
        starts_at - timedelta(hours=limits.hours_before_start), starts_at + timedelta(hours=after)
    )


def post_test_deadline(
    rules: SchemeRules, redeemed_at: datetime, last_meeting_at: datetime | None
) -> Deadline:
    """Rule 6: until when the post-test is taken; no meetings: a self-paced course."""
    limits = rules.post_test
    if last_meeting_at is None:
        within, begun_on = limits.self_paced_within_days_of_redeeming, redeemed_at
        return Deadline(_last_of(within, day_in(rules.time_zone, begun_on)), rules.time_zone)
    last_day = _last_of(limits.within_days_of_last_meeting, last_meeting_at.date())
    return Deadline(last_day, _zone_of(last_meeting_at))


def age_on(day: date, birth_date: date) -> int:
    """Return somebody's age in full years; who was born on 29 February turns older on 1 March."""
    is_before_birthday = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - is_before_birthday


def day_in(zone: tzinfo, moment: datetime) -> date:
    """Return the calendar day of a moment in a zone."""
    return moment.astimezone(zone).date()


def _before_start(starts_at: datetime, days: int) -> Deadline:
    return Deadline(_shifted(starts_at.date(), -days), _zone_of(starts_at))


def _last_of(days: int, first: date) -> date:
    """Return the last of so many days, of which `first` is the first."""
    return _shifted(first, days - 1)


def _shifted(day: date, days: int) -> date:
    """Return the day so many days later; a partner's nonsense stays within the calendar."""
    shifted = min(max(day.toordinal() + days, date.min.toordinal()), date.max.toordinal())
    return date.fromordinal(shifted)


def _zone_of(moment: datetime) -> tzinfo:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; whose day is it?")
    return moment.tzinfo
