"""Which lists look like a fault, and what is said of them."""

from dataclasses import replace

import pytest

from adapters.base import Page
from gateway.catalogue.alarms import (
    Evidence,
    PriceChanges,
    Profile,
    find_alarms,
    find_renamed,
    to_reason,
)
from gateway.catalogue.profile import to_profile
from schema.model.catalogue import Category
from schema.model.held import AlarmKind
from schema.model.values import CourseLevel
from tests.catalogue import an_offering

STANDS = Evidence(standing=200, listed=200, withdrawn=0, fetched=200, quarantined=0)


def reasons(evidence: Evidence) -> str:
    return to_reason(find_alarms(evidence))


def profiles(before: dict[str, int], now: dict[str, int]) -> Evidence:
    return replace(STANDS, before=Profile(raw=before), now=Profile(raw=now))


def test_a_list_like_the_last_one_is_news():
    assert find_alarms(STANDS) == ()


def test_a_first_list_never_alarms():
    wild = Evidence(
        standing=0, listed=10**6, withdrawn=0, fetched=5, quarantined=5, prices=PriceChanges(9, 9)
    )

    assert find_alarms(wild) == ()


@pytest.mark.parametrize(
    ("withdrawn", "said"),
    [(40, ""), (41, "would withdraw 41 of 200 offerings")],
)
def test_more_than_a_fifth_may_not_go_at_once(withdrawn: int, said: str):
    assert reasons(replace(STANDS, withdrawn=withdrawn)) == said


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (40, 1, ""),
        (4, 0, ""),
        (40, 0, "would withdraw all 40 sessions, which it lists apart"),
    ],
)
def test_sessions_that_come_apart_may_not_all_go_at_once(before: int, now: int, said: str):
    assert reasons(replace(STANDS, sessions_before=before, sessions=now)) == said


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        pytest.param(PriceChanges(10, raised=2), "", id="two-slips"),
        pytest.param(PriceChanges(15, raised=3), "", id="a-fifth"),
        pytest.param(
            PriceChanges(14, raised=3),
            "multiplies the prices of 3 of 14 offerings by ten or more",
            id="more-than-a-fifth",
        ),
        pytest.param(
            PriceChanges(5, lowered=5),
            "divides the prices of 5 of 5 offerings by ten or more",
            id="a-tenth",
        ),
    ],
)
def test_many_prices_may_not_go_tenfold(prices: PriceChanges, said: str):
    assert reasons(replace(STANDS, prices=prices)) == said


@pytest.mark.parametrize(
    ("standing", "listed", "said"),
    [
        (100, 1_000, ""),
        (100, 1_001, "would grow from 100 offerings to 1001"),
        (99, 10_000, ""),  # a partner that begins
        (1_500, 150_000, "would grow from 1500 offerings to 150000"),
    ],
)
def test_a_list_may_not_grow_over_ten_times(standing: int, listed: int, said: str):
    assert reasons(replace(STANDS, standing=standing, listed=listed)) == said


@pytest.mark.parametrize(("fetched", "quarantined"), [(9, 8), (0, 0)])
def test_some_bad_rows_are_no_alarm(fetched: int, quarantined: int):
    assert not find_alarms(replace(STANDS, fetched=fetched, quarantined=quarantined))


def test_a_list_of_bad_rows_alone_alarms():
    [alarm] = find_alarms(replace(STANDS, fetched=9, quarantined=9))

    assert (alarm.kind, alarm.message) == (AlarmKind.UNREADABLE, "none of its 9 rows can be read")


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        pytest.param(
            {"id": 100, "course_name": 100},
            {"id": 100, "course_title": 100},
            "lost a field: course_name seems to be called course_title now",
            id="renamed",
        ),
        pytest.param(
            {"id": 100, "title": 99},
            {"id": 90, "judul": 90, "title": 1},
            "lost a field: title seems to be called judul now",
            id="one-went-one-came",
        ),
        pytest.param(
            {"id": 100, "rating": 100},
            {"id": 100},
            "lost a field: rating was in nearly every row",
            id="gone",
        ),
        pytest.param(
            {"id": 100, "price": 100, "image": 100},
            {"id": 100, "price_idr": 100, "xyz": 100, "stock": 2},
            "lost a field: price seems to be called price_idr now; "
            "lost a field: image was in nearly every row",
            id="likest-name-first",
        ),
        pytest.param({"id": 100, "badge": 90}, {"id": 100}, "", id="was-not-always-there"),
        pytest.param({"id": 100, "badge": 100}, {"id": 100, "badge": 6}, "", id="some-still"),
        pytest.param({"id": 4, "name": 4}, {"id": 4}, "", id="too-few-rows-to-say-always"),
        pytest.param({"id": 100, "name": 100}, {}, "", id="an-empty-list-says-nothing"),
        pytest.param({"id": 100}, {"id": 100, "new": 100}, "", id="a-field-more"),
    ],
)
def test_a_field_that_was_always_there_is_missed(before, now, said):
    assert reasons(profiles(before, now)) == said


def test_without_a_profile_of_what_stands_no_field_is_missed():
    assert find_alarms(replace(STANDS, now=Profile(raw={"id": 100}))) == ()


def test_names_are_paired_once():
    lost = {"course_name": 1.0, "course_names": 1.0}
    came = {"course_title": 1.0, "picture": 1.0}

    assert dict(find_renamed(lost, came)) == {"course_name": "course_title", "course_names": None}


def test_a_profile_counts_the_partners_fields_and_ours():
    page = Page(
        offerings=(
            an_offering("1", rating=4.5, category=Category("kopi", "Kopi"), price=None),
            an_offering("2", level=CourseLevel.BEGINNER, url="https://partner.test/2"),
        ),
        fields={"nama\u202e": 2, "harga": 1},
    )

    found = to_profile(page)

    assert found.raw == {"nama": 2, "harga": 1}
    assert found.record == {
        "title": 2, "rating": 1, "category": 1, "price": 1, "level": 1, "address": 1,
        "delivery mode": 2,
    }  # fmt: skip
