"""How Pintaria's JSON:API documents become offerings, and which links are followed."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.errors import PartnerContractError
from adapters.pintaria.mapping import to_next, to_page
from schema.model.catalogue import UnknownTerm, Venue
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    Money,
    PartnerCode,
)

PARTNER = PartnerCode("pintaria")
ADDRESS = "https://api.pintaria.test/v2"
INSTITUTION = {"type": "institutions", "id": "4", "attributes": {"name": "LKP Rasa Ibu"}}
VENUE = {"type": "venues", "id": "9", "attributes": {"name": "Balai", "regionCode": "73.71"}}


def linked(kind, *keys):
    found = [{"type": kind, "id": key} for key in keys]
    return {"data": found if kind == "sessions" else found[0]}


def a_course(*, key="17", sessions=(), institution="4", **attributes):
    return {
        "type": "courses",
        "id": key,
        "attributes": {
            "title": "Barista Pemula",
            "price": {"amount": 350_000, "before": None, "currency": "IDR"},
            "bookable": True,
            **attributes,
        },
        "relationships": {
            "institution": linked("institutions", institution),
            "sessions": linked("sessions", *sessions),
        },
    }


def a_session(key="S-1", *, venue="9"):
    return {
        "type": "sessions",
        "id": key,
        "attributes": {
            "startsAt": "2020-06-01T09:00:00+08:00",
            "timezone": "Asia/Makassar",
            "seats": 20,
            "seatsLeft": -1,
        },
        "relationships": {"venue": linked("venues", venue)} if venue else {},
    }


def a_page(*courses, included=(INSTITUTION,), **document):
    body = {"data": list(courses), "included": list(included), "links": {}, **document}
    return to_page(body, PARTNER, address=ADDRESS)


def the_offering(course, included=(INSTITUTION,)):
    page = a_page(course, included=included)
    assert page.rejections == ()
    return page.offerings[0]


@pytest.mark.parametrize(
    ("link", "cursor"),
    [
        pytest.param("/v2/courses?page=2", "/courses?page=2", id="relative-to-the-host"),
        pytest.param("courses?page=2", "/courses?page=2", id="relative-to-the-page"),
        pytest.param("?page=2", "/courses?page=2", id="query-alone"),
        pytest.param(f"{ADDRESS}/courses?page=2", "/courses?page=2", id="absolute"),
        pytest.param({"href": "?page=2", "meta": {}}, "/courses?page=2", id="link-object"),
        pytest.param(None, None, id="null"),
        pytest.param({"href": None}, None, id="object-without-address"),
        pytest.param("", None, id="blank"),
    ],
)
def test_the_next_page_stays_below_our_address(link, cursor):
    assert to_next({"next": link}, PARTNER, ADDRESS) == cursor
    assert to_next({"next": link}, PARTNER, f"{ADDRESS}/") == cursor


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.test/v2/courses?page=2",
        "//evil.test/v2/courses",
        "http://api.pintaria.test/v2/courses?page=2",
        "https://api.pintaria.test:8443/v2/courses",
        "https://api.pintaria.test@evil.test/v2/courses",
        "https://api.pintaria.test/v2.evil/courses",
        "/admin",
        "../../admin",
        "file:///etc/passwd",
        "https://[oops/v2/courses",
        7,
    ],
)
def test_a_link_that_leads_away_breaks_the_contract(link):
    with pytest.raises(PartnerContractError):
        to_next({"next": link}, PARTNER, ADDRESS)


@pytest.mark.parametrize("links", [None, [], "next"])
def test_a_page_without_links_is_not_taken_for_the_last(links):
    with pytest.raises(PartnerContractError):
        a_page(a_course(), links=links)


@pytest.mark.parametrize("body", [None, {}, {"data": {"type": "courses"}}, [7]])
def test_an_answer_without_courses_breaks_the_contract(body):
    with pytest.raises(PartnerContractError):
        to_page(body, PARTNER, address=ADDRESS)


def test_the_institution_comes_from_included():
    assert the_offering(a_course()).listed.institution == "LKP Rasa Ibu"


def test_an_institution_that_is_not_included_costs_its_course_alone():
    page = a_page(a_course(key="18", institution="5"), a_course())

    assert [offering.key for offering in page.offerings] == ["17"]
    assert [(each.key, each.reason) for each in page.rejections] == [
        ("18", "institutions 5 is not in 'included'")
    ]


def test_a_course_without_an_institution_is_rejected():
    page = a_page({**a_course(), "relationships": {}})

    assert [each.reason for each in page.rejections] == ["has no institution"]


@pytest.mark.parametrize("included", [None, {}, [7, None]])
def test_a_broken_included_rejects_rows_and_not_the_page(included):
    page = a_page(a_course(), included=()) if included is None else None
    page = page or to_page(
        {"data": [a_course()], "included": included, "links": {}}, PARTNER, address=ADDRESS
    )

    assert len(page.rejections) == 1


def test_sessions_and_venues_come_from_included():
    course = a_course(sessions=("S-1", "S-2"))
    included = (INSTITUTION, a_session(), a_session("S-2", venue=None), VENUE)

    onsite, online = the_offering(course, included).sessions

    makassar = ZoneInfo("Asia/Makassar")
    assert onsite.starts_at == datetime(2020, 6, 1, 9, tzinfo=makassar)
    assert onsite.starts_at.tzinfo == makassar
    assert onsite.venue == Venue(name="Balai", region_code="73.71")
    assert (onsite.capacity, onsite.seats_left) == (20, 0)
    assert (online.key, online.venue) == ("S-2", None)


def test_prices_and_the_price_before():
    told = {"amount": 350_000, "before": 500_000, "currency": "IDR"}

    offering = the_offering(a_course(price=told))

    assert (offering.price, offering.list_price) == (Money(350_000), Money(500_000))


def test_a_price_of_null_is_not_told():
    assert the_offering(a_course(price=None)).price is None


def test_durations_are_iso_8601():
    assert the_offering(a_course(duration="PT6H5M")).listed.duration_minutes == 365


def test_a_course_is_booked_only_when_it_says_so():
    assert the_offering(a_course()).enrolment_mode is EnrolmentMode.DIRECT
    assert the_offering(a_course(bookable=None)).enrolment_mode is EnrolmentMode.LINK


def test_unknown_words_are_kept_and_shown_as_unknown():
    offering = the_offering(a_course(level="sepuh", mode="karaoke"))

    assert offering.listed.level is CourseLevel.UNKNOWN
    assert offering.delivery_mode is DeliveryMode.UNKNOWN
    assert offering.unknown_terms == (
        UnknownTerm("level", "sepuh"),
        UnknownTerm("delivery_mode", "karaoke"),
    )
