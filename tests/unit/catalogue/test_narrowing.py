"""The catalogue as if only what is fresh enough were sold."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalogue.directory import Directory
from gateway.catalogue.entries import to_entry
from gateway.catalogue.places import HAS_A_PLACE
from gateway.catalogue.reader import SnapshotReader
from gateway.catalogue.snapshot import Snapshot
from gateway.catalogue.store import HeldBack, StatusRow
from gateway.catalogue.stored import StoredCourse, StoredOffering
from schema.availability import course_availability
from schema.model.catalogue import Institution, Session
from schema.model.values import CourseId, FreshnessState, InstitutionId, Money, RemoteId
from schema.ports import CourseFilter, CourseQuery, FacetName, FreshOfferings, Window
from tests.catalogue import NOON, PINTARIA, TOKOPEDIA, a_partner, an_offering
from tests.unit.catalogue.strategies import entries

EVERYTHING = Window(first=100)
CHEAP = an_offering("1", partner=PINTARIA, price=1)
DEAR = an_offering("1", partner=TOKOPEDIA, price=2)
ONLY_TOKOPEDIA = FreshOfferings(frozenset({TOKOPEDIA}))


def reader_over(*offerings):
    sold = tuple(StoredOffering(each, withdrawn=False) for each in offerings)
    institution = Institution(InstitutionId("i"), "LKP")
    entry = to_entry(StoredCourse(CourseId("c"), institution.id, NOON, sold), institution)
    return SnapshotReader(Snapshot(1, [entry]), NOON)


def shown(reader, **wanted):
    query = CourseQuery(filter=CourseFilter(**wanted))
    return list(reader.courses(query, EVERYTHING).nodes)


def test_a_course_is_shown_with_its_fresh_offerings_and_their_price():
    reader = reader_over(CHEAP, DEAR)

    [course] = shown(reader.only(ONLY_TOKOPEDIA))

    assert [offering.partner for offering in course.offerings] == [TOKOPEDIA]
    assert course.lowest_price == Money(2)
    assert len(shown(reader)[0].offerings) == 2


def test_a_course_without_fresh_offerings_is_left_out():
    assert shown(reader_over(CHEAP).only(ONLY_TOKOPEDIA)) == []
    assert shown(reader_over(CHEAP).only(FreshOfferings(frozenset()))) == []


def test_an_offering_that_is_held_back_is_left_out_alone():
    held_back = FreshOfferings(frozenset({TOKOPEDIA, PINTARIA}), frozenset({CHEAP.id}))

    [both] = shown(reader_over(CHEAP, DEAR).only(held_back))

    assert both.offerings == (DEAR,)
    assert shown(reader_over(CHEAP).only(held_back)) == []


def test_the_partner_that_is_asked_for_must_itself_be_fresh():
    held_back = FreshOfferings(frozenset({TOKOPEDIA, PINTARIA}), frozenset({CHEAP.id}))
    reader = reader_over(CHEAP, DEAR)

    assert shown(reader.only(ONLY_TOKOPEDIA), partners=(PINTARIA,)) == []
    assert shown(reader.only(held_back), partners=(PINTARIA,)) == []
    assert len(shown(reader.only(ONLY_TOKOPEDIA), partners=(PINTARIA, TOKOPEDIA))) == 1


def test_a_place_at_a_stale_partner_is_no_place():
    full = Session(TOKOPEDIA, RemoteId("s"), capacity=9, seats_left=0)
    reader = reader_over(CHEAP, replace(DEAR, sessions=(full,)))

    assert len(shown(reader, available_only=True)) == 1
    assert shown(reader.only(ONLY_TOKOPEDIA), available_only=True) == []


def test_facets_offer_no_partner_of_whom_nothing_would_be_found():
    facets = reader_over(CHEAP, DEAR).only(ONLY_TOKOPEDIA).facets(CourseQuery())

    [partners] = [facet for facet in facets if facet.name is FacetName.PARTNER]
    assert [(bucket.value, bucket.count) for bucket in partners.buckets] == [(TOKOPEDIA, 1)]


@given(found=entries(), data=st.data())
def test_only_who_sells_now_has_places(found, data):
    codes = sorted({each.partner for entry in found for each in entry.course.offerings})
    closed = frozenset(data.draw(st.sets(st.sampled_from(codes)))) if codes else frozenset()
    fresh = FreshOfferings(frozenset(codes))
    reader = SnapshotReader(Snapshot(1, found), NOON, closed=closed)

    expected = {
        entry.course.id
        for entry in found
        if course_availability(entry.course, lambda _: 0, NOON, closed) in HAS_A_PLACE
    }
    assert {course.id for course in shown(reader, available_only=True)} == expected
    assert {course.id for course in shown(reader.only(fresh), available_only=True)} == expected


@given(found=entries(), data=st.data())
def test_paging_shows_every_course_with_a_fresh_offering_and_no_other(found, data):
    sold = [offering for entry in found for offering in entry.course.offerings]
    codes = sorted({offering.partner for offering in sold})
    partners = data.draw(st.sets(st.sampled_from(codes))) if codes else set()
    held_back = data.draw(st.lists(st.sampled_from(sold))) if sold else []
    fresh = FreshOfferings(frozenset(partners), frozenset(each.id for each in held_back))
    reader = SnapshotReader(Snapshot(1, found), NOON).only(fresh)
    query, after, seen = CourseQuery(), None, []
    while True:
        part = reader.courses(query, Window(first=2, after=after))
        seen += part.nodes
        if not part.has_next:
            break
        after = part.cursors[-1]

    assert part.total == len(seen)
    assert {course.id: set(course.offerings) for course in seen} == {
        entry.course.id: kept
        for entry in found
        if (kept := {offering for offering in entry.course.offerings if offering in fresh})
    }


def directory(*rows, **held_back):
    held = {CHEAP.id: HeldBack(NOON - timedelta(hours=2), "no title")} if held_back else {}
    return Directory([a_partner(), a_partner(PINTARIA)], rows, lambda: NOON, held)


def a_row(code, minutes):
    at = NOON - timedelta(minutes=minutes)
    return StatusRow(code, 1, attempted_at=at, fetched_at=at)


def test_a_row_that_is_held_back_is_older_than_its_list():
    found = directory(a_row(PINTARIA, 1), held=True).offering_freshness(CHEAP)

    assert found.state is FreshnessState.STALE
    assert found.fetched_at == NOON - timedelta(hours=2)
    assert found.reason == "the partner's newest row of it could not be read (no title)"


def test_an_offering_is_as_fresh_as_its_list_otherwise():
    partners = directory(a_row(TOKOPEDIA, 1), held=True)

    assert partners.offering_freshness(DEAR) == partners.freshness(TOKOPEDIA)


@pytest.mark.parametrize(
    ("seconds", "codes"),
    [(60, {TOKOPEDIA}), (59, set()), (300, {TOKOPEDIA, PINTARIA}), (299, {TOKOPEDIA})],
)
def test_what_is_as_old_as_is_taken_is_taken(seconds, codes):
    partners = directory(a_row(TOKOPEDIA, 1), a_row(PINTARIA, 5), held=True)
    oldest = NOON - timedelta(seconds=seconds)

    assert partners.fresh_since(oldest) == FreshOfferings(frozenset(codes), frozenset({CHEAP.id}))
    missing = {each.partner.partner.code for each in partners.coverage((), oldest).missing}
    assert missing == {TOKOPEDIA, PINTARIA} - codes


def test_coverage_says_why_a_partner_is_left_out():
    [missing] = (
        directory(a_row(TOKOPEDIA, 5)).coverage([TOKOPEDIA], NOON - timedelta(minutes=1)).missing
    )

    assert missing.reason == (
        "was last read at 2026-03-02 11:55 UTC; "
        "the question takes nothing older than 2026-03-02 11:59 UTC"
    )
