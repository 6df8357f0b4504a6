"""What the read model answers: filters, facets, orders and pages that agree with each other."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.catalogue.entries import Entry
from gateway.catalogue.reader import SnapshotReader
from gateway.catalogue.snapshot import Snapshot
from schema.availability import course_availability
from schema.model.catalogue import Course
from schema.model.values import (
    Availability,
    CourseLevel,
    DeliveryMode,
    PartnerCode,
)
from schema.ports import (
    CourseFilter,
    CourseQuery,
    CourseSort,
    FacetName,
    Window,
)
from tests.catalogue import NOON
from tests.unit.catalogue.strategies import WORDS, entries
from tests.unit.catalogue.walking import walk

EVERYTHING = Window(first=100)
filters = st.builds(
    CourseFilter,
    partners=st.sampled_from([(), (PartnerCode("a"),), (PartnerCode("b"), PartnerCode("a"))]),
    categories=st.sampled_from([(), ("kopi",), ("kopi", "seni")]),
    levels=st.sampled_from([(), (CourseLevel.BEGINNER,)]),
    delivery_modes=st.sampled_from([(), (DeliveryMode.ONSITE,)]),
    languages=st.sampled_from([(), ("en",)]),
    regions=st.sampled_from([(), ("31.71",)]),
    price_min=st.sampled_from([None, 0, -5, 250_001]),
    price_max=st.sampled_from([None, 250_000, 250_001, -1, 2**62]),
    starts_after=st.sampled_from([None, NOON, NOON + timedelta(days=1)]),
    starts_before=st.sampled_from([None, NOON + timedelta(days=2)]),
    available_only=st.booleans(),
)
queries = st.builds(
    CourseQuery,
    search=st.none() | st.sampled_from([*WORDS, "", "desain grafis", "ba"]),
    filter=filters,
    sort=st.sampled_from(CourseSort),
)


def a_reader(found: Sequence[Entry]) -> SnapshotReader:
    return SnapshotReader(Snapshot(1, found), NOON)


def narrowed(asked: CourseFilter, facet: FacetName, value: str) -> CourseFilter:
    """Return `asked` with one bucket's value as its only value of that facet."""
    if facet is FacetName.PRICE:
        low, high = value.split("-")
        return replace(asked, price_min=int(low), price_max=int(high) if high else None)
    field = {
        FacetName.PARTNER: "partners",
        FacetName.INSTITUTION: "institutions",
        FacetName.CATEGORY: "categories",
        FacetName.LEVEL: "levels",
        FacetName.DELIVERY_MODE: "delivery_modes",
        FacetName.REGION: "regions",
        FacetName.LANGUAGE: "languages",
    }[facet]
    return replace(asked, **{field: (value,)})


@given(entries(), queries)
def test_a_buckets_count_is_the_total_under_its_value(found: list[Entry], query: CourseQuery):
    reader = a_reader(found)

    for facet in reader.facets(query):
        for bucket in facet.buckets:
            chosen = replace(query, filter=narrowed(query.filter, facet.name, bucket.value))
            assert reader.courses(chosen, EVERYTHING).total == bucket.count


@given(entries(), queries)
def test_every_match_is_in_a_bucket_of_its_level(found: list[Entry], query: CourseQuery):
    reader = a_reader(found)
    query = replace(query, filter=replace(query.filter, levels=()))

    facets = {facet.name: facet for facet in reader.facets(query)}

    counted = sum(bucket.count for bucket in facets[FacetName.LEVEL].buckets)
    assert counted == reader.courses(query, EVERYTHING).total


@given(entries(), queries, st.integers(1, 4))
def test_paging_shows_each_course_once(found: list[Entry], query: CourseQuery, size: int):
    reader = a_reader(found)
    whole = reader.courses(query, EVERYTHING)

    forwards = walk(lambda w: reader.courses(query, w), size, backwards=False)
    backwards = walk(lambda w: reader.courses(query, w), size, backwards=True)

    assert forwards == [course.id for course in whole.nodes]
    assert backwards == forwards
    assert len(set(forwards)) == len(forwards) == whole.total


@given(entries(), queries)
def test_pages_say_what_lies_around_them(found: list[Entry], query: CourseQuery):
    reader = a_reader(found)
    whole = reader.courses(query, EVERYTHING)

    for position, cursor in enumerate(whole.cursors):
        after = reader.courses(query, Window(first=1, after=cursor))
        before = reader.courses(query, Window(last=1, before=cursor))
        assert after.has_previous
        assert after.has_next == (position + 2 < whole.total)
        assert before.has_next
        assert before.has_previous == (position > 1)


@given(entries(), queries)
def test_filters_mean_what_they_say(found: list[Entry], query: CourseQuery):
    asked = query.filter

    courses = a_reader(found).courses(replace(query, search=None), EVERYTHING).nodes

    expected = {e.course.id for e in found if not e.course.withdrawn and fits(e.course, asked)}
    assert {course.id for course in courses} == expected


def fits(course: Course, asked: CourseFilter) -> bool:
    """Say plainly what a filter means, course by course."""
    sessions = [s for offering in course.offerings for s in offering.sessions]
    price = course.lowest_price
    rupiah = price.amount if price and price.currency == "IDR" else None
    low, high = asked.price_min, asked.price_max
    first, last = asked.starts_after, asked.starts_before
    within = [
        s
        for s in sessions
        if s.starts_at and (not first or s.starts_at >= first) and (not last or s.starts_at <= last)
    ]
    places = {Availability.AVAILABLE, Availability.LIMITED}
    return all(
        [
            not asked.partners or {o.partner for o in course.offerings} & set(asked.partners),
            not asked.categories or (course.category and course.category.code in asked.categories),
            not asked.levels or course.level in asked.levels,
            not asked.delivery_modes or set(course.delivery_modes) & set(asked.delivery_modes),
            not asked.languages or set(course.languages) & set(asked.languages),
            not asked.regions
            or {s.venue.region_code for s in sessions if s.venue} & set(asked.regions),
            low is None or (rupiah is not None and rupiah >= low),
            high is None or (rupiah is not None and rupiah <= high),
            (first is None and last is None) or within,
            not asked.available_only or course_availability(course, lambda _: 0, NOON) in places,
        ]
    )
