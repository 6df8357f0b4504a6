"""What the read model answers, by example: orders, facets, cursors, institutions, and the clock."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalogue.drafts import institution_id
from gateway.catalogue.entries import Entry, to_entry
from gateway.catalogue.reader import SnapshotReader
from gateway.catalogue.snapshot import Snapshot
from gateway.catalogue.stored import StoredCourse, StoredOffering
from schema.model.catalogue import Institution, Offering, Session, Venue
from schema.model.values import (
    CourseId,
    DeliveryMode,
    InstitutionId,
    Money,
    RemoteId,
)
from schema.ports import (
    BadCursorError,
    CourseFilter,
    CourseQuery,
    CourseSort,
    Facet,
    FacetName,
    Slice,
    Window,
)
from tests.catalogue import DESIGN, NOON, PINTARIA, TOKOPEDIA, a_partner, an_offering
from tests.unit.catalogue.walking import walk

EVERYTHING = Window(first=100)


def a_snapshot(*sold: Offering, revision: int = 1, withdrawn: Sequence[Offering] = ()) -> Snapshot:
    """Return a catalogue with one course per offering, created a day apart in this order."""
    found = [
        an_entry(number, StoredOffering(each, each in withdrawn))
        for number, each in enumerate((*sold, *withdrawn))
    ]
    partners = [a_partner(PINTARIA).partner, a_partner(TOKOPEDIA).partner]
    return Snapshot(revision, found, partners)


def an_entry(number: int, *sold: StoredOffering) -> Entry:
    name = sold[0].offering.listed.institution
    institution = Institution(institution_id(name), name)
    course_id = CourseId(f"course-{number}")
    created = NOON + timedelta(days=number)
    return to_entry(StoredCourse(course_id, institution.id, created, sold), institution)


def titles(snapshot: Snapshot, sort: CourseSort, search: str | None = None) -> list[str]:
    reader = SnapshotReader(snapshot, NOON)
    found = reader.courses(CourseQuery(search=search, sort=sort), EVERYTHING)
    return [course.title for course in found.nodes]


def starting(days: int) -> tuple[Session, ...]:
    start = NOON + timedelta(days=days)
    return (Session(TOKOPEDIA, RemoteId(str(days)), starts_at=start, venue=Venue(name="BLK")),)


CATALOGUE = a_snapshot(
    an_offering("1", "Cukur", price=None, rating=4.0, rating_count=500),
    an_offering("2", "Batik", price=0, sessions=(*starting(-1), *starting(3))),
    an_offering("3", "Anyam", price=900_000, rating=5.0, rating_count=1, sessions=starting(1)),
    an_offering("4", "Drone", price=Money(1, "USD"), sessions=starting(-2)),
)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (CourseSort.TITLE, ["Anyam", "Batik", "Cukur", "Drone"]),
        (CourseSort.PRICE_ASC, ["Batik", "Anyam"]),
        (CourseSort.PRICE_DESC, ["Anyam", "Batik"]),
        (CourseSort.NEWEST, ["Drone", "Anyam", "Batik", "Cukur"]),
        (CourseSort.RATING, ["Anyam", "Cukur"]),
        (CourseSort.STARTS_SOONEST, ["Anyam", "Batik", "Cukur", "Drone"]),
        (CourseSort.RELEVANCE, ["Cukur", "Anyam", "Batik", "Drone"]),
    ],
)
def test_sorting(sort: CourseSort, order: list[str]):
    assert titles(CATALOGUE, sort)[: len(order)] == order


def test_the_best_match_comes_first():
    snapshot = a_snapshot(
        an_offering("1", "Kopi", summary="Untuk calon barista."), an_offering("2", "Barista")
    )

    assert titles(snapshot, CourseSort.RELEVANCE, "barista") == ["Barista", "Kopi"]


def test_every_facet_is_told_even_if_empty():
    facets = SnapshotReader(Snapshot(0), NOON).facets(CourseQuery())

    assert [facet.name for facet in facets] == list(FacetName)


def test_price_bands_are_in_rupiah():
    [price] = [f for f in facets_of(CATALOGUE) if f.name is FacetName.PRICE]

    assert {(b.value, b.label, b.count) for b in price.buckets} == {
        ("0-0", "free", 1),
        ("500001-1000000", "Rp 500.001 to Rp 1.000.000", 1),
    }


def test_partners_are_counted_under_their_names():
    [partner] = [f for f in facets_of(CATALOGUE) if f.name is FacetName.PARTNER]

    assert [(b.value, b.label, b.count) for b in partner.buckets] == [("tokopedia", "Tokopedia", 4)]


def facets_of(snapshot: Snapshot) -> Sequence[Facet]:
    return SnapshotReader(snapshot, NOON).facets(CourseQuery())


BY_TITLE = CourseQuery(sort=CourseSort.TITLE)


def test_a_cursor_goes_on_at_its_place_in_a_later_revision():
    first = SnapshotReader(CATALOGUE, NOON).courses(BY_TITLE, Window(first=2))
    later = a_snapshot(
        an_offering("0", "Aikido"),
        an_offering("1", "Cukur"),
        an_offering("5", "Bubut"),
        revision=2,
    )

    page = SnapshotReader(later, NOON).courses(BY_TITLE, Window(first=9, after=first.cursors[-1]))

    assert [course.title for course in first.nodes] == ["Anyam", "Batik"]
    assert [course.title for course in page.nodes] == ["Bubut", "Cukur"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(CourseQuery(sort=CourseSort.NEWEST), id="another-sort"),
        pytest.param(replace(BY_TITLE, search="batik"), id="another-search"),
        pytest.param(replace(BY_TITLE, filter=CourseFilter(price_max=1)), id="another-filter"),
    ],
)
def test_a_cursor_of_another_question_is_refused(other: CourseQuery):
    reader = SnapshotReader(CATALOGUE, NOON)
    [cursor] = reader.courses(BY_TITLE, Window(first=1)).cursors

    with pytest.raises(BadCursorError):
        reader.courses(other, Window(first=1, after=cursor))


def test_the_same_question_in_other_words_takes_the_cursor():
    reader = SnapshotReader(CATALOGUE, NOON)
    asked = replace(BY_TITLE, filter=CourseFilter(partners=(TOKOPEDIA, PINTARIA)), search=" A ")
    same = replace(BY_TITLE, filter=CourseFilter(partners=(PINTARIA, TOKOPEDIA)), search="a")
    [cursor] = reader.courses(asked, Window(first=1)).cursors

    assert reader.courses(same, Window(first=9, after=cursor)).has_previous


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.hex()))
def test_garbage_is_no_cursor(garbage: str):
    with pytest.raises(BadCursorError):
        SnapshotReader(CATALOGUE, NOON).courses(BY_TITLE, Window(first=1, after=garbage))


def test_a_withdrawn_course_resolves_but_is_not_found():
    gone = an_offering("9", "Zumba", sessions=starting(1))
    reader = SnapshotReader(a_snapshot(an_offering("1"), withdrawn=[gone]), NOON)

    assert reader.courses(CourseQuery(search="zumba"), EVERYTHING).total == 0
    assert reader.offering(gone.id) == gone
    assert reader.session(gone.sessions[0].id) == gone.sessions[0]
    assert reader.course_of(gone.id).withdrawn
    assert reader.course(CourseId("course-1")) == reader.course_of(gone.id)


def test_an_unknown_offering_sells_no_course():
    with pytest.raises(KeyError):
        SnapshotReader(CATALOGUE, NOON).course_of(an_offering("nowhere").id)


def test_institutions_come_by_name_and_only_with_live_courses():
    snapshot = a_snapshot(
        an_offering("1", institution="LKP Melati"),
        an_offering("2", institution="BLK Serang"),
        withdrawn=[an_offering("3", institution="LKP Anggrek")],
    )
    reader = SnapshotReader(snapshot, NOON)

    found = reader.institutions(None, EVERYTHING)

    assert [each.name for each in found.nodes] == ["BLK Serang", "LKP Melati"]
    assert [each.name for each in reader.institutions("mel", EVERYTHING).nodes] == ["LKP Melati"]
    assert reader.institution(institution_id("lkp anggrek")) is not None


def test_institutions_page_in_both_directions():
    snapshot = a_snapshot(*(an_offering(str(n), institution=f"LKP {n:02}") for n in range(7)))
    reader = SnapshotReader(snapshot, NOON)

    def ask(window: Window) -> Slice[Institution]:
        return reader.institutions("lkp", window)

    forwards = walk(ask, 3, backwards=False)
    assert forwards == walk(ask, 3, backwards=True)
    assert len(forwards) == 7


def test_an_institution_shows_its_courses_by_title_and_its_partners_in_directory_order():
    snapshot = a_snapshot(
        an_offering("1", "Cukur"),
        an_offering("2", "Batik", partner=PINTARIA),
        an_offering("3", "Anyam", institution="Lain"),
    )
    reader = SnapshotReader(snapshot, NOON)
    ours = institution_id("LKP Kopi Nusantara")

    assert [c.title for c in reader.institution_courses(ours, EVERYTHING).nodes] == [
        "Batik",
        "Cukur",
    ]
    assert reader.institution_partners(ours) == [PINTARIA, TOKOPEDIA]
    assert reader.institution_courses(InstitutionId("x"), EVERYTHING).total == 0


def test_seats_taken_through_us_count():
    session = Session(TOKOPEDIA, RemoteId("s"), NOON + timedelta(days=1), capacity=9, seats_left=1)
    snapshot = a_snapshot(
        an_offering("1", category=DESIGN, delivery_mode=DeliveryMode.ONSITE, sessions=(session,))
    )
    query = CourseQuery(filter=CourseFilter(available_only=True))

    assert SnapshotReader(snapshot, NOON).courses(query, EVERYTHING).total == 1
    assert SnapshotReader(snapshot, NOON, lambda _: 1).courses(query, EVERYTHING).total == 0


def test_what_is_available_follows_the_clock_within_one_snapshot():
    hour = timedelta(hours=1)
    session = Session(
        TOKOPEDIA,
        RemoteId("1"),
        starts_at=NOON + 30 * hour,
        seats_left=9,
        enrolment_starts_at=NOON + hour,
        purchase_ends_at=NOON + 3 * hour,
    )
    snapshot = a_snapshot(an_offering("1", delivery_mode=DeliveryMode.ONSITE, sessions=(session,)))
    query = CourseQuery(filter=CourseFilter(available_only=True))

    totals = [
        SnapshotReader(snapshot, NOON + hours * hour).courses(query, EVERYTHING).total
        for hours in range(5)
    ]

    assert totals == [0, 1, 1, 0, 0]
