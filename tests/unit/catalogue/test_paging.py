"""Paging through a catalogue that changes between the pages shows each course once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue.entries import Entry
from gateway.catalogue.kept import GIVEN_AGAIN_FOR, KEPT_FOR, KeptLists
from gateway.catalogue.reader import SnapshotReader
from gateway.catalogue.snapshot import Snapshot
from gateway.execution.sharing import LASTING_SECONDS
from schema.ports import CourseFilter, CourseQuery, CourseSort, Window
from tests.catalogue import NOON, an_offering
from tests.unit.catalogue.strategies import WORDS, an_entry, entries

SORTED = [sort for sort in CourseSort if sort is not CourseSort.RELEVANCE]


@dataclass
class Walk:
    """A client that pages on while the catalogue changes; `stayed` are its constant courses."""

    query: CourseQuery
    size: int
    snapshot: Snapshot
    now: datetime = NOON
    shown: list[str] = field(default_factory=list)
    stayed: dict[str, object] = field(default_factory=dict)

    def go(self, changes: Sequence[Sequence[Entry]]) -> list[str]:
        """Return the ids of all pages, with one change of the catalogue between every two."""
        self.stayed = self.keys()
        coming, cursor = list(changes), None
        while True:
            reader = SnapshotReader(self.snapshot, self.now)
            page = reader.courses(self.query, Window(first=self.size, after=cursor))
            self.shown += [course.id for course in page.nodes]
            if not page.has_next:
                return self.shown
            cursor = page.cursors[-1]
            if coming:
                self.change(coming.pop(0))

    def change(self, come: Sequence[Entry]) -> None:
        gone = [entry.course.id for entry in come if not entry.course.offerings]
        self.snapshot = self.snapshot.changed(self.snapshot.revision + 1, come, gone)
        keys = self.keys()
        self.stayed = {
            each: key for each, key in self.stayed.items() if keys.get(each, "gone") == key
        }

    def keys(self) -> dict[str, object]:
        """Return the sort key of every course that matches now; by relevance, that it does."""
        order = self.snapshot.order(self.query, self.now)
        slots = self.snapshot.matching(self.query).slots.tolist()
        is_ranked = self.query.sort is CourseSort.RELEVANCE
        return {
            self.snapshot.course_at(slot).id: None if is_ranked else order.keys([slot])[0]
            for slot in slots
        }


changes = st.lists(entries(), max_size=4)
filters = st.sampled_from([CourseFilter(), CourseFilter(languages=("id",))])


@settings(deadline=None, max_examples=25)
@given(entries(), changes, st.sampled_from(SORTED), filters, st.integers(1, 4))
def test_a_course_with_an_unchanged_key_is_shown_exactly_once(
    found: list[Entry],
    come: list[list[Entry]],
    sort: CourseSort,
    asked: CourseFilter,
    size: int,
):
    walk = Walk(CourseQuery(filter=asked, sort=sort), size, Snapshot(1, found))

    shown = walk.go(come)

    assert [each for each in walk.stayed if shown.count(each) != 1] == []


@settings(deadline=None, max_examples=25)
@given(entries(), changes, st.sampled_from(WORDS), st.integers(1, 4))
def test_by_relevance_a_course_that_stays_is_shown_exactly_once(
    found: list[Entry], come: list[list[Entry]], search: str, size: int
):
    walk = Walk(CourseQuery(search=search), size, Snapshot(1, found))

    shown = walk.go(come)

    assert [each for each in walk.stayed if shown.count(each) != 1] == []
    assert len(set(shown)) == len(shown)


@settings(deadline=None, max_examples=25)
@given(entries(), changes, st.sampled_from([None, *WORDS]), st.sampled_from(CourseSort))
def test_a_changed_snapshot_answers_as_one_built_anew(
    found: list[Entry], come: list[list[Entry]], search: str | None, sort: CourseSort
):
    snapshot = Snapshot(1, found)
    standing = {entry.course.id: entry for entry in found}
    for revision, changed in enumerate(come, start=2):
        snapshot = snapshot.changed(revision, changed)
        standing |= {entry.course.id: entry for entry in changed}
    anew = Snapshot(len(come) + 1, standing.values())
    query = CourseQuery(search=search, sort=sort)

    ours, theirs = (SnapshotReader(each, NOON) for each in (snapshot, anew))

    everything = Window(first=100)
    assert ours.courses(query, everything).nodes == theirs.courses(query, everything).nodes
    assert ours.facets(query) == theirs.facets(query)
    available = CourseQuery(filter=CourseFilter(available_only=True))
    assert ours.courses(available, everything).total == theirs.courses(available, everything).total
    assert snapshot.offerings == anew.offerings
    assert snapshot.course_of == anew.course_of
    assert ours.institutions(None, everything).nodes == theirs.institutions(None, everything).nodes


TITLES = ["Barista Satu", "Barista Dua", "Barista Tiga Hari", "Kopi untuk Barista"]


def a_catalogue() -> Snapshot:
    return Snapshot(1, [an_entry(n, an_offering(str(n), title)) for n, title in enumerate(TITLES)])


def second_page_after(passed: timedelta) -> list[str]:
    """Return the second page by relevance, after the catalogue has changed and time passed."""
    snapshot, query = a_catalogue(), CourseQuery(search="barista")
    first = SnapshotReader(snapshot, NOON).courses(query, Window(first=2))
    later = snapshot.changed(2, [an_entry(9, an_offering("9", "Barista"))])
    reader = SnapshotReader(later, NOON + passed)
    page = reader.courses(query, Window(first=9, after=first.cursors[-1]))
    return [course.title for course in page.nodes]


@pytest.mark.parametrize(
    "passed",
    [
        pytest.param(KEPT_FOR, id="kept"),
        pytest.param(KEPT_FOR + timedelta(seconds=1), id="forgotten-so-from-the-key"),
    ],
)
def test_a_list_by_relevance_goes_on(passed: timedelta):
    assert second_page_after(passed) == ["Barista Tiga Hari", "Kopi untuk Barista"]


def test_a_kept_list_keeps_its_order_where_keys_have_changed():
    snapshot, query = a_catalogue(), CourseQuery(search="barista")
    first = SnapshotReader(snapshot, NOON).courses(query, Window(first=2))
    moved = an_entry(3, an_offering("3", "Barista"))  # it would now come ahead of the first page
    later = snapshot.changed(2, [moved])

    page = SnapshotReader(later, NOON).courses(query, Window(first=9, after=first.cursors[-1]))

    assert [course.title for course in page.nodes] == ["Barista Tiga Hari", "Barista"]
    assert page.has_previous


def test_who_was_given_a_finished_page_has_two_minutes_for_the_next():
    """It was made before, and nothing is looked up when it is given again."""
    promised, longest = timedelta(minutes=2), timedelta(seconds=LASTING_SECONDS)

    assert longest <= GIVEN_AGAIN_FOR
    assert GIVEN_AGAIN_FOR + promised <= KEPT_FOR


def test_only_so_many_lists_are_kept():
    kept = KeptLists(most=2)
    for revision in (1, 2, 3):
        kept.keep((revision, "kopi"), object(), NOON)  # type: ignore[arg-type]

    found = [kept.find((revision, "kopi"), NOON) is not None for revision in (1, 2, 3)]

    assert found == [False, True, True]
