"""How Sekolah.mu's GraphQL answers become offerings, and what its `errors` mean."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.errors import (
    CursorExpiredError,
    PartnerContractError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from adapters.sekolahmu.mapping import to_page
from schema.model.catalogue import UnknownTerm
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    Money,
    PartnerCode,
)

PARTNER = PartnerCode("sekolahmu")
LAST = {"hasNextPage": False, "endCursor": None}


def a_node(**told):
    return {
        "id": "prog_00017",
        "title": "Barista Pemula",
        "institution": {"name": "LKP Rasa Ibu"},
        "price": {"amount": 350_000, "strikethrough": None, "currency": "IDR"},
        "bookable": True,
        **told,
    }


def an_error(code, *path, **extensions):
    return {
        "message": "tidak bisa",
        "path": list(path),
        "extensions": {"code": code, **extensions},
    }


def an_answer(*nodes, info=LAST, errors=()):
    edges = [{"cursor": str(number), "node": node} for number, node in enumerate(nodes)]
    courses = {"totalCount": 161, "pageInfo": info, "edges": edges}
    return {"data": {"courses": courses}, "errors": list(errors)}


def a_page(*nodes, **told):
    return to_page(an_answer(*nodes, **told), PARTNER)


def the_offering(node):
    page = a_page(node)
    assert page.rejections == ()
    return page.offerings[0]


def test_the_walk_goes_on_at_the_end_cursor():
    page = a_page(a_node(), info={"hasNextPage": True, "endCursor": "abc"})

    assert (page.next_cursor, page.total) == ("abc", 161)


def test_the_walk_ends_when_the_connection_says_so():
    assert a_page(a_node(), info={"hasNextPage": False, "endCursor": "abc"}).next_cursor is None


@pytest.mark.parametrize(
    "info",
    [None, {}, {"hasNextPage": True}, {"hasNextPage": True, "endCursor": ""}, {"hasNextPage": 0}],
)
def test_a_connection_that_does_not_say_is_not_taken_for_the_last(info):
    with pytest.raises(PartnerContractError):
        a_page(a_node(), info=info)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UNAUTHENTICATED", PartnerRefusedError),
        ("FORBIDDEN", PartnerRefusedError),
        ("GRAPHQL_VALIDATION_FAILED", PartnerRefusedError),
        ("RATE_LIMITED", PartnerThrottledError),
        ("INTERNAL", PartnerUnavailableError),
        ("UNAVAILABLE", PartnerUnavailableError),
        ("INVALID_CURSOR", CursorExpiredError),
    ],
)
def test_an_error_with_http_200_is_ours_by_its_code(code, kind):
    with pytest.raises(kind):
        to_page({"data": None, "errors": [an_error(code)]}, PARTNER)


@pytest.mark.parametrize("error", [{}, 7, {"message": "x"}, {"extensions": None}])
def test_an_error_without_a_code_is_a_refusal(error):
    with pytest.raises(PartnerRefusedError):
        to_page({"errors": [error]}, PARTNER)


@pytest.mark.parametrize(
    ("told", "wait"),
    [(7, 7.0), (0.5, 0.5), (-3, 0.0), (1e9, 900.0), (None, None), ("soon", None), (True, None)],
)
def test_a_rate_limit_tells_how_long_to_wait(told, wait):
    answer = {"data": None, "errors": [an_error("RATE_LIMITED", retryAfter=told)]}

    with pytest.raises(PartnerThrottledError) as throttled:
        to_page(answer, PARTNER)

    assert throttled.value.retry_after == wait


def test_an_error_about_one_node_costs_that_course_alone():
    error = an_error("INTERNAL", "courses", "edges", 1, "node")

    page = a_page(a_node(), None, a_node(id="prog_00018"), errors=[error])

    assert [offering.key for offering in page.offerings] == ["prog_00017", "prog_00018"]
    assert [(each.row, each.reason) for each in page.rejections] == [(2, "tidak bisa")]


def test_a_null_node_without_an_error_is_a_rejection_too():
    page = a_page(a_node(), None)

    assert [each.reason for each in page.rejections] == ["has no node"]


def test_a_null_inside_a_node_rejects_it_only_when_it_is_needed():
    errors = [
        an_error("INTERNAL", "courses", "edges", 0, "node", "rating"),
        an_error("INTERNAL", "courses", "edges", 1, "node", "institution"),
    ]

    page = a_page(a_node(rating=None), a_node(id="prog_00018", institution=None), errors=errors)

    assert [offering.key for offering in page.offerings] == ["prog_00017"]
    assert [each.key for each in page.rejections] == ["prog_00018"]


def test_a_page_without_any_node_is_a_failure_and_not_an_empty_page():
    error = an_error("INTERNAL", "courses", "edges", 0, "node")

    with pytest.raises(PartnerUnavailableError):
        a_page(None, errors=[error])


def test_an_error_about_the_whole_page_is_never_half_a_page():
    with pytest.raises(PartnerUnavailableError):
        a_page(a_node(), errors=[an_error("INTERNAL", "courses", "pageInfo")])


def test_a_batch_is_a_session_in_its_own_zone():
    batch = {
        "id": "B-1",
        "startsAt": "2020-06-01T01:00:00+00:00",
        "timeZone": "Asia/Makassar",
        "seats": {"total": 20, "left": -1},
        "venue": {"name": "", "address": None, "region": None},
    }

    (session,) = the_offering(a_node(batches=[batch])).sessions

    makassar = ZoneInfo("Asia/Makassar")
    assert session.starts_at == datetime(2020, 6, 1, 9, tzinfo=makassar)
    assert session.starts_at.tzinfo == makassar
    assert (session.capacity, session.seats_left, session.venue) == (20, 0, None)


def test_prices_and_the_price_struck_through():
    told = {"amount": 350_000, "strikethrough": 500_000, "currency": "IDR"}

    offering = the_offering(a_node(price=told))

    assert (offering.price, offering.list_price) == (Money(350_000), Money(500_000))
    assert the_offering(a_node(price=None)).price is None


def test_a_course_is_booked_only_when_it_says_so():
    assert the_offering(a_node()).enrolment_mode is EnrolmentMode.DIRECT
    assert the_offering(a_node(bookable=False)).enrolment_mode is EnrolmentMode.LINK


def test_unknown_words_are_kept_and_shown_as_unknown():
    offering = the_offering(a_node(level="SEPUH", format="KARAOKE"))

    assert offering.listed.level is CourseLevel.UNKNOWN
    assert offering.delivery_mode is DeliveryMode.UNKNOWN
    assert offering.unknown_terms == (
        UnknownTerm("level", "SEPUH"),
        UnknownTerm("delivery_mode", "KARAOKE"),
    )
