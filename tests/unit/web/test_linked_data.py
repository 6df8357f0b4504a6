"""A course as search engines read it: what Google's course results want, and nothing invented."""

import json
import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.course_page import to_gone_page, to_missing_page, to_page
from gateway.web.linked_data import (
    Standing,
    to_decimal,
    to_duration,
    to_linked_data,
    to_script,
    web_address,
)
from gateway.web.pages import HTML, LINKED_DATA, to_media_type
from schema.availability import offering_availability
from schema.model.catalogue import Category, Freshness, Venue
from schema.model.values import CourseLevel, DeliveryMode, FreshnessState, Money
from tests.unit.schema.fakes import NOW, SISNAKER, a_course, a_session, an_offering

URL = "https://mitra.test/courses/1"
JAKARTA = ZoneInfo("Asia/Jakarta")
DAY = timedelta(days=1)
MORNING = datetime(2020, 5, 2, 9, 0, tzinfo=JAKARTA)
ONSITE = a_session(
    "onsite",
    starts_at=MORNING,
    ends_at=MORNING + timedelta(hours=3),
    venue=Venue("BLK Bekasi", "Jl. Guntur 1", "32.75", "Kota Bekasi"),
    capacity=20,
)
WHOLE = a_course(
    summary="Kopi dari biji ke cangkir.",
    category=Category("kuliner", "Kuliner"),
    level=CourseLevel.BEGINNER,
    languages=("id",),
    duration_minutes=90,
    rating=4.5,
    rating_count=12,
    image_url="https://cdn.test/kopi.jpg",
    offerings=(
        an_offering(
            "a",
            delivery_mode=DeliveryMode.ONSITE,
            sessions=(ONSITE,),
            url="https://tokopedia.test/a",
        ),
        an_offering("b", partner=SISNAKER, price=Money(0), delivery_mode=DeliveryMode.SELF_PACED),
        an_offering("c", price=Money(1999, "USD"), delivery_mode=DeliveryMode.BLENDED),
        an_offering("d", price=None, delivery_mode=DeliveryMode.UNKNOWN),
    ),
)


def name_of(code):
    return code.title()


def standing(now=NOW, closed=()):
    return Standing(
        name_of,
        lambda offering: offering_availability(offering, lambda _: 0, now, closed),
        lambda _: Freshness(FreshnessState.FRESH, fetched_at=NOW),
        now,
    )


def linked(course, now=NOW, closed=()):
    return to_linked_data(course, URL, standing(now, closed))


def page(course, closed=()):
    return to_page(course, URL, standing(closed=closed))


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


class Scripts(HTMLParser):
    """Collects the contents of script elements, and how many elements there are."""

    def __init__(self, html):
        super().__init__()
        self.contents, self.tags, self._inside = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._inside = tag == "script"

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.contents.append(data)


EVIL = "</script><script>alert(1)</script><!--\"'&\u2028"
texts = st.text(alphabet=st.sampled_from("<>/!-&\"'scriptx\u2028"), max_size=30) | st.just(EVIL)


@given(title=texts, summary=texts)
def test_no_text_of_a_partner_becomes_markup(title, summary):
    course = a_course(title=title, summary=summary or None)

    found = Scripts(page(course))

    assert found.tags == Scripts(page(a_course(summary="x" if summary else None))).tags
    [script] = found.contents
    assert json.loads(script) == json.loads(json.dumps(linked(course)))
    assert "<" not in to_script(linked(course))


def test_the_page_says_what_a_person_wants_to_know():
    found = page(WHOLE)

    assert '<html lang="id">' in found
    assert found.count("<h1") == 1
    assert f'<link rel="canonical" href="{URL}">' in found
    for said in ("Rp350.000", "Gratis", "USD 19.99", "Harga belum diketahui", "Kota Bekasi"):
        assert said in found
    assert "2 Mei 2020 pukul 09.00 WIB" in found
    assert "4,5 dari 5 (12 penilai)" in found
    assert "Data dibaca" in found
    assert not re.search(r"<(img|iframe|object|link rel=\"stylesheet\")", found)


def test_what_a_closed_partner_lists_is_shown_as_closed_and_not_announced():
    told, found = linked(WHOLE, closed={SISNAKER}), page(WHOLE, closed={SISNAKER})

    offers = {each["seller"]["name"]: each.get("availability") for each in told["offers"]}
    assert offers["Sisnaker"] == "https://schema.org/OutOfStock"
    assert "https://schema.org/OutOfStock" not in {**offers, "Sisnaker": None}.values()
    open_ones = [each for each in WHOLE.offerings if each.partner != SISNAKER]
    assert (
        told["hasCourseInstance"]
        == linked(a_course(duration_minutes=90, offerings=open_ones))["hasCourseInstance"]
    )
    assert found.count("Pendaftaran sedang ditutup") == 1
    assert "Pendaftaran sedang ditutup" not in page(WHOLE)


@pytest.mark.parametrize(
    ("seats", "said"),
    [(0, "SoldOut"), (2, "LimitedAvailability"), (20, "InStock"), (None, None)],
)
def test_an_offer_says_whether_there_is_a_place_if_that_is_known(seats, said):
    session = a_session("s", starts_at=NOW + DAY, seats_left=seats)
    course = a_course(
        offerings=(an_offering("a", delivery_mode=DeliveryMode.ONSITE, sessions=(session,)),)
    )

    [offer] = linked(course)["offers"]

    assert offer.get("availability") == (said and f"https://schema.org/{said}")
    assert ("Penuh" in page(course)) is (seats == 0)


def test_a_text_in_another_language_says_so():
    assert '<h1 lang="en">' in page(a_course(languages=("en", "id")))


@pytest.mark.parametrize("found", [to_gone_page(WHOLE), to_missing_page()])
def test_what_is_not_there_is_not_indexed(found):
    assert '<meta name="robots" content="noindex">' in found
    assert "ld+json" not in found


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", HTML),
        ("*/*", HTML),
        ("text/html,application/xhtml+xml,*/*;q=0.8", HTML),
        ("application/ld+json", LINKED_DATA),
        ("text/html;q=0.5, application/ld+json", LINKED_DATA),
        ("text/html, application/ld+json;q=0.9", HTML),
        ("application/ld+json;q=x", HTML),
    ],
)
def test_a_client_gets_what_it_wants_more(accept, expected):
    assert to_media_type(accept) == expected
