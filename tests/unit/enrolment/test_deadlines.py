"""The programme's dates, as its own examples give them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.enrolment.deadlines import (
    Teaching,
    age_on,
    can_cancel,
    cancellation_window,
    first_purchase_deadline,
    next_purchase_deadline,
    post_test_deadline,
    purchase_cut_off,
    redeem_window,
    teaching_of,
)
from gateway.enrolment.rules.book import built_in_rules
from gateway.enrolment.rules.scheme import SchemeRules
from schema.model.catalogue import Session, Venue
from schema.model.values import DeliveryMode, PartnerCode, RemoteId

WIB, WITA, WIT = ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Makassar"), ZoneInfo("Asia/Jayapura")
MINUTE = timedelta(minutes=1)
ONLINE, FACE_TO_FACE, SELF_PACED = Teaching.ONLINE, Teaching.FACE_TO_FACE, Teaching.SELF_PACED


def rules(scheme: str = "2023") -> SchemeRules:
    found = built_in_rules().find(scheme, date(int(scheme), 6, 1))
    assert found is not None
    return found


def at(text: str, zone: ZoneInfo = WIB) -> datetime:
    """Return a moment: "2023-07-19 09:00" on the wall clocks of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("scheme", "announced", "last"),
    [
        pytest.param("2024", date(2024, 2, 28), date(2024, 3, 13), id="over-a-leap-day"),
        pytest.param("2023", date(2023, 2, 28), date(2023, 3, 14), id="no-leap-day"),
        pytest.param("2020", date(2020, 4, 22), date(2020, 5, 21), id="thirty-days-in-2020"),
        pytest.param("2021", date(2021, 12, 31), date(2022, 1, 29), id="thirty-days-in-2021"),
        pytest.param("2022", date(2022, 2, 1), date(2022, 3, 2), id="thirty-days-in-2022"),
    ],
)
def test_rule_1_the_first_purchase(scheme: str, announced: date, last: date):
    assert first_purchase_deadline(rules(scheme), announced).last_day == last


def test_rule_1_counts_days_in_jakarta():
    deadline = first_purchase_deadline(rules("2024"), date(2024, 2, 28))

    assert not deadline.has_passed(at("2024-03-13 23:59"))
    assert not deadline.has_passed(datetime(2024, 3, 13, 16, 59, tzinfo=UTC))
    assert deadline.has_passed(datetime(2024, 3, 13, 17, 0, tzinfo=UTC))
    assert not deadline.has_passed(at("2024-03-14 00:59", WITA))
    assert deadline.has_passed(at("2024-03-14 01:00", WITA))


def test_rule_2_the_next_purchase():
    deadline = next_purchase_deadline(rules("2024"), at("2024-03-01 08:00"))

    assert deadline is not None
    assert deadline.last_day == date(2024, 3, 15)


def test_rule_2_a_rating_late_in_the_evening_of_utc_is_of_the_next_day_in_jakarta():
    deadline = next_purchase_deadline(rules("2024"), datetime(2024, 2, 29, 17, 30, tzinfo=UTC))

    assert deadline is not None
    assert deadline.last_day == date(2024, 3, 15)


@pytest.mark.parametrize(
    ("teaching", "start", "last"),
    [
        pytest.param(ONLINE, "2023-07-23 09:00", date(2023, 7, 22), id="online"),
        pytest.param(SELF_PACED, "2023-07-23 09:00", date(2023, 7, 22), id="self-paced"),
        pytest.param(FACE_TO_FACE, "2023-07-23 09:00", date(2023, 7, 20), id="face-to-face"),
        pytest.param(FACE_TO_FACE, "2024-03-02 00:00", date(2024, 2, 28), id="over-a-leap-day"),
    ],
)
def test_rule_3_the_purchase_cut_off(teaching: Teaching, start: str, last: date):
    assert purchase_cut_off(rules(), teaching, at(start)).last_day == last


def test_rule_3_counts_days_where_the_session_is_held():
    deadline = purchase_cut_off(rules(), ONLINE, at("2023-07-23 08:00", WIT))

    assert not deadline.has_passed(at("2023-07-22 21:59", WIB))  # 23:59 in Jayapura
    assert deadline.has_passed(at("2023-07-22 22:00", WIB))


@pytest.mark.parametrize(
    ("start", "first", "last"),
    [
        pytest.param("2023-07-22 09:00", 19, 19, id="start-22-only-on-19"),
        pytest.param("2023-07-23 09:00", 19, 20, id="start-23-from-19-to-20"),
        pytest.param("2023-07-31 09:00", 19, 22, id="start-31-from-19-to-22"),
        pytest.param(None, 19, 22, id="self-paced-from-19-to-22"),
    ],
)
def test_rule_4_bought_on_19_july_2023(start: str | None, first: int, last: int):
    starts_at = at(start) if start else None
    window = cancellation_window(rules(), at("2023-07-19 10:00"), starts_at)

    assert window is not None
    assert window.opens_at.day == first
    assert (window.closes_at - MINUTE).date() == date(2023, 7, last)
    assert window.closes_at == at(f"2023-07-{last + 1} 00:00")


@pytest.mark.parametrize("start", ["2023-07-20 09:00", "2023-07-21 23:59", "2023-07-19 12:00"])
def test_rule_4_what_starts_too_soon_can_never_be_cancelled(start: str):
    bought_at = at("2023-07-19 00:00")

    assert cancellation_window(rules(), bought_at, at(start)) is None
    assert not can_cancel(rules(), bought_at, at(start), now=bought_at)


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        ("2023-07-19 10:00", True),
        ("2023-07-20 23:59", True),
        ("2023-07-21 00:00", False),
        ("2023-07-19 09:59", False),
    ],
)
def test_rule_4_from_the_purchase_until_the_last_day_has_ended(now: str, *, allowed: bool):
    bought_at, starts_at = at("2023-07-19 10:00"), at("2023-07-23 09:00")

    assert can_cancel(rules(), bought_at, starts_at, at(now)) is allowed


def test_rule_4_the_day_of_purchase_is_jakartas_and_the_start_is_the_venues():
    late = datetime(2023, 7, 18, 17, 30, tzinfo=UTC)  # 00:30 on the 19th in Jakarta

    far_away = cancellation_window(rules(), late, at("2023-07-31 09:00", WIT))
    soon = cancellation_window(rules(), late, at("2023-07-23 00:30", WIT))  # 22 July in Jakarta

    assert far_away is not None
    assert far_away.closes_at == at("2023-07-23 00:00", WIB)
    assert soon is not None
    assert soon.closes_at == at("2023-07-21 00:00", WIT)


@pytest.mark.parametrize(
    ("teaching", "opens", "closes"),
    [
        pytest.param(ONLINE, "2024-03-09 08:00", "2024-03-09 10:00", id="webinar"),
        pytest.param(FACE_TO_FACE, "2024-03-09 08:00", "2024-03-09 11:00", id="face-to-face"),
    ],
)
def test_rule_5_redeeming_around_a_start_at_nine(teaching: Teaching, opens: str, closes: str):
    bought_at, starts_at = at("2024-03-01 12:00"), at("2024-03-09 09:00")

    window = redeem_window(rules("2024"), teaching, bought_at, starts_at)

    assert (window.opens_at, window.closes_at) == (at(opens), at(closes))
    assert at(opens) in window
    assert at(opens) - MINUTE not in window
    assert at(closes) not in window


@pytest.mark.parametrize("teaching", [SELF_PACED, ONLINE], ids=["self-paced", "start-untold"])
def test_rule_5_self_paced_within_15_days(teaching: Teaching):
    window = redeem_window(rules("2024"), teaching, at("2024-03-01 12:00"), None)

    assert window.opens_at == at("2024-03-01 12:00")
    assert at("2024-03-15 23:59") in window
    assert at("2024-03-16 00:00") not in window


def test_rule_6_the_post_test_of_a_webinar():
    deadline = post_test_deadline(
        rules("2024"), at("2024-03-30 08:30"), last_meeting_at=at("2024-04-01 09:00", WITA)
    )

    assert deadline.last_day == date(2024, 4, 30)
    assert deadline.passes_at == at("2024-05-01 00:00", WITA)


def test_rule_6_the_post_test_of_a_self_paced_course():
    deadline = post_test_deadline(rules("2024"), at("2024-04-01 20:00"), last_meeting_at=None)

    assert deadline.last_day == date(2024, 5, 30)


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(2006, 3, 1), date(2024, 2, 29), 17),
        (date(2006, 3, 1), date(2024, 3, 1), 18),
        (date(1959, 3, 2), date(2024, 3, 1), 64),
        (date(1959, 3, 1), date(2024, 3, 1), 65),
        (date(2004, 2, 29), date(2022, 2, 28), 17),
        (date(2004, 2, 29), date(2022, 3, 1), 18),
    ],
)
def test_rule_7_an_age_is_counted_to_the_birthday(birth: date, day: date, age: int):
    assert age_on(day, birth) == age


def test_how_a_course_is_taught_follows_its_mode_and_else_its_session():
    online = Session(PartnerCode("pintaria"), RemoteId("S1"))
    placed = Session(PartnerCode("pintaria"), RemoteId("S2"), venue=Venue("Balai Latihan"))
    mode = DeliveryMode

    assert teaching_of(mode.ONSITE, None) is FACE_TO_FACE
    assert teaching_of(mode.BLENDED, online) is FACE_TO_FACE
    assert teaching_of(mode.LIVE_ONLINE, placed) is ONLINE
    assert teaching_of(mode.SELF_PACED, online) is SELF_PACED
    assert teaching_of(mode.UNKNOWN, None) is SELF_PACED
    assert teaching_of(mode.UNKNOWN, online) is ONLINE
    assert teaching_of(mode.UNKNOWN, placed) is FACE_TO_FACE


def test_a_partners_nonsense_stays_within_the_calendar():
    first, last = datetime(1, 1, 1, tzinfo=WIT), datetime(9999, 12, 31, tzinfo=WIT)

    assert purchase_cut_off(rules(), FACE_TO_FACE, first).last_day == date.min
    assert purchase_cut_off(rules(), ONLINE, first).has_passed(at("2023-07-19 10:00"))
    assert not purchase_cut_off(rules(), ONLINE, last).has_passed(at("2023-07-19 10:00"))
