"""What a course is, when several partners sell it."""

from gateway.catalogue.merge import to_course
from schema.model.catalogue import Institution, Offering
from schema.model.values import CourseId, CourseLevel, DeliveryMode, InstitutionId, Money
from tests.catalogue import DESIGN, PINTARIA, an_offering

COURSE = CourseId("course")
INSTITUTION = Institution(InstitutionId("lkp"), "LKP Kopi Nusantara")


def merged(*live: Offering):
    return to_course(COURSE, INSTITUTION, live)


def test_the_founding_offering_names_the_course():
    course = merged(an_offering(title="Barista"), an_offering(title="BARISTA", partner=PINTARIA))

    assert course.title == "Barista"


def test_where_it_is_silent_the_others_fill_in():
    course = merged(
        an_offering(summary=None, category=DESIGN),
        an_offering(
            summary="Menyeduh kopi.",
            duration_minutes=240,
            level=CourseLevel.BEGINNER,
            partner=PINTARIA,
        ),
    )

    assert (course.summary, course.duration_minutes) == ("Menyeduh kopi.", 240)
    assert (course.category, course.level) == (DESIGN, CourseLevel.BEGINNER)


def test_offerings_come_cheapest_first_and_untold_prices_last():
    course = merged(
        an_offering("1", price=None), an_offering("2", price=2), an_offering("3", price=1)
    )

    assert [offering.key for offering in course.offerings] == ["3", "2", "1"]


def test_the_lowest_price_is_in_rupiah_if_any_is():
    course = merged(an_offering("1", price=Money(1, "USD")), an_offering("2", price=350_000))

    assert course.lowest_price == Money(350_000)


def test_a_free_course_costs_nothing_rather_than_something_unknown():
    assert merged(an_offering(price=0), an_offering("2", price=None)).lowest_price == Money(0)


def test_the_rating_is_weighted_by_votes():
    course = merged(
        an_offering("1", rating=5.0, rating_count=1), an_offering("2", rating=4.0, rating_count=3)
    )

    assert (course.rating, course.rating_count) == (4.25, 4)


def test_nobody_rated_it():
    assert (merged(an_offering()).rating, merged(an_offering()).rating_count) == (None, None)


def test_an_unknown_mode_is_told_only_if_no_other_is_known():
    unknown = an_offering("1", delivery_mode=DeliveryMode.UNKNOWN)
    onsite = an_offering("2", delivery_mode=DeliveryMode.ONSITE)

    assert merged(unknown, onsite).delivery_modes == (DeliveryMode.ONSITE,)
    assert merged(unknown).delivery_modes == (DeliveryMode.UNKNOWN,)


def test_languages_of_all_partners_count():
    course = merged(an_offering("1", languages=("id",)), an_offering("2", languages=("en", "id")))

    assert course.languages == ("id", "en")


def test_a_withdrawn_course_still_says_what_it_was():
    course = to_course(COURSE, INSTITUTION, live=(), withdrawn=(an_offering(title="Barista"),))

    assert (course.title, course.withdrawn) == ("Barista", True)
    assert (course.offerings, course.lowest_price) == ((), None)
