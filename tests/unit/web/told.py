"""A course of which everything is told, as search engines read it and as people see it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.web.course_page import to_page
from gateway.web.linked_data import Standing, to_linked_data
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
