"""A course as search engines read it: what Google's course results want, and nothing invented."""

import re

import pytest

from gateway.web.linked_data import to_decimal, to_duration, web_address
from schema.model.values import Money
from tests.unit.schema.fakes import a_course, a_session, an_offering
from tests.unit.web.told import DAY, MORNING, URL, WHOLE, linked


def lacks_for_google(course):
    """Return what Google's course info requires and `course` has not."""
    lacking = [name for name in ("name", "description", "provider") if not course.get(name)]
    if course.get("provider", {}).get("@type") != "Organization":
        lacking.append("provider.@type")
    if not course.get("offers"):
        lacking.append("offers")
    for offer in course.get("offers", ()):
        if offer.get("category") not in {"Free", "Partially Free", "Subscription", "Paid"}:
            lacking.append("offers.category")
        if not re.fullmatch(r"\d+(\.\d\d)?", offer["price"]) or len(offer["priceCurrency"]) != 3:
            lacking.append("offers.price")
    if not course.get("hasCourseInstance"):
        lacking.append("hasCourseInstance")
    for instance in course.get("hasCourseInstance", ()):
        if instance.get("courseMode") not in {"Online", "Onsite", "Blended"}:
            lacking.append("courseMode")
        schedule = instance.get("courseSchedule", {})
        if not (
            "courseWorkload" in instance or {"repeatCount", "repeatFrequency"} <= set(schedule)
        ):
            lacking.append("courseSchedule or courseWorkload")
    return lacking


def test_it_has_what_google_requires_of_a_course():
    told = a_course(summary=WHOLE.summary, duration_minutes=90, offerings=WHOLE.offerings[:3])

    assert lacks_for_google(linked(told)) == []


def test_one_day_of_which_no_length_is_told_has_a_schedule():
    onsite = a_course(offerings=WHOLE.offerings[:1])

    [instance] = linked(onsite)["hasCourseInstance"]

    assert lacks_for_google(linked(onsite)) == []
    assert instance == {
        "@type": "CourseInstance",
        "courseMode": "Onsite",
        "startDate": "2020-05-02T09:00:00+07:00",
        "endDate": "2020-05-02T12:00:00+07:00",
        "courseSchedule": {
            "@type": "Schedule",
            "startDate": "2020-05-02",
            "endDate": "2020-05-02",
            "repeatFrequency": "Daily",
            "repeatCount": 1,
            "duration": "PT3H",
        },
        "location": {
            "@type": "Place",
            "name": "BLK Bekasi",
            "address": {
                "@type": "PostalAddress",
                "streetAddress": "Jl. Guntur 1",
                "addressRegion": "Kota Bekasi",
                "addressCountry": "ID",
            },
        },
        "maximumAttendeeCapacity": 20,
    }


def test_everything_that_is_told_is_there():
    found = linked(WHOLE)

    assert found["@type"] == "Course"
    assert (found["@id"], found["url"]) == (URL, URL)
    assert found["educationalLevel"] == "Beginner"
    assert found["timeRequired"] == "PT1H30M"
    assert found["aggregateRating"]["ratingValue"] == 4.5
    assert [(o["category"], o["price"], o["priceCurrency"]) for o in found["offers"]] == [
        ("Paid", "350000", "IDR"),
        ("Free", "0", "IDR"),
        ("Paid", "19.99", "USD"),
    ]
    assert found["offers"][0]["seller"]["name"] == "Tokopedia"
    modes = [each.get("courseMode") for each in found["hasCourseInstance"]]
    assert modes == ["Onsite", "Online", "Blended", None]


def test_what_is_not_told_is_left_out():
    found = linked(a_course(offerings=(an_offering(price=None),)))

    assert not {"about", "educationalLevel", "offers", "timeRequired", "image"} & set(found)
    assert found["description"] == "Barista 01 (Lembaga Kopi)"
    assert found["hasCourseInstance"] == [{"@type": "CourseInstance"}]


def test_sessions_that_are_over_are_not_announced():
    assert linked(WHOLE, now=MORNING + DAY)["hasCourseInstance"][0]["courseMode"] == "Online"


def test_a_session_of_many_days_says_no_more_than_its_ends():
    long = a_session(starts_at=MORNING, ends_at=MORNING + 3 * DAY)

    [instance] = linked(a_course(offerings=(an_offering(sessions=(long,)),)))["hasCourseInstance"]

    assert instance["courseSchedule"] == {
        "@type": "Schedule",
        "startDate": "2020-05-02",
        "endDate": "2020-05-05",
    }


@pytest.mark.parametrize(
    ("minutes", "iso"), [(None, None), (0, None), (45, "PT45M"), (60, "PT1H"), (6_001, "PT100H1M")]
)
def test_a_duration_is_told_in_hours_and_minutes(minutes, iso):
    assert to_duration(minutes) == iso


@pytest.mark.parametrize(
    ("price", "text"),
    [(Money(350_000), "350000"), (Money(5, "USD"), "0.05"), (Money(100, "USD"), "1.00")],
)
def test_prices_are_decimals_of_the_main_unit(price, text):
    assert to_decimal(price) == text


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "data:text/html,x", "//x.test"])
def test_nobody_is_sent_to_what_is_no_web_address(url):
    assert web_address(url) is None
