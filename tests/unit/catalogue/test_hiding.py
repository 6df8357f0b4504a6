"""What blocks leave of a catalogue: at once nothing that they name is shown, soon all the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue.drafts import institution_id
from gateway.catalogue.entries import Entry
from gateway.catalogue.hiding import caught_up, under, veiled
from gateway.catalogue.in_force import (
    BlockInForce,
    InForce,
    LedgerBlocks,
    StoredBlocks,
)
from gateway.catalogue.rates import RUPIAH_ONLY
from gateway.catalogue.reader import SnapshotReader
from gateway.catalogue.snapshot import Snapshot
from schema.model.blocks import EVERY_BUNDLE, Block, BlockScope
from schema.model.catalogue import Offering
from schema.model.values import CourseId, DeliveryMode, InstitutionId, PartnerCode, derived_id
from schema.ports import CourseFilter, CourseQuery, CourseSort, FreshOfferings, Window
from tests.catalogue import NOON, PINTARIA, TOKOPEDIA, an_offering
from tests.unit.catalogue.strategies import WORDS, an_entry, entries

EVERYTHING = Window(first=100)
FRESH = FreshOfferings(frozenset({PartnerCode("b")}), frozenset())


def in_force(
    *blocks: tuple[BlockScope, str], redirects: Mapping[str, str] | None = None
) -> InForce:
    """Return blocks as they are when the catalogue has stored none of them."""
    ledger = LedgerBlocks(lambda: NOON)
    ledger.learn(1, [a_block(n, *each) for n, each in enumerate(blocks, start=1)])
    return ledger.in_force(StoredBlocks(), redirects or {})


def a_block(number: int, scope: BlockScope, value: str, **later: float) -> Block:
    moment = NOON + timedelta(**later)
    return Block(number, scope, value, "why", "S-1", moment, NOON, "op")


def shown_under(found: Sequence[Entry], blocks: InForce, revision: int = 1) -> Snapshot:
    """Return the catalogue as a process that starts under `blocks` builds it."""
    there, hidden = under(found, blocks, RUPIAH_ONLY)
    whole = Snapshot(revision, there)
    return whole.veiled(replace(whole.veil, in_force=blocks), whole.flags(hidden))


def laid(snapshot: Snapshot, blocks: InForce) -> Snapshot:
    """Return the catalogue after a process has heard of `blocks`."""
    return caught_up(veiled(snapshot, blocks), RUPIAH_ONLY)


def courses(snapshot: Snapshot, search: str | None = None, sort: CourseSort = CourseSort.TITLE):
    query = CourseQuery(search=search, sort=sort)
    return SnapshotReader(snapshot, NOON).courses(query, EVERYTHING).nodes


targets = st.one_of(
    st.tuples(st.just(BlockScope.PARTNER), st.sampled_from("ab")),
    st.tuples(st.just(BlockScope.CATEGORY), st.sampled_from(["kopi", "seni"])),
    st.tuples(st.just(BlockScope.DELIVERY_MODE), st.sampled_from([*DeliveryMode]).map(str)),
    st.tuples(
        st.just(BlockScope.INSTITUTION),
        st.sampled_from(["LKP Satu", "LKP Dua"]).map(institution_id),
    ),
    st.tuples(
        st.just(BlockScope.COURSE),
        st.integers(0, 3).map(lambda n: derived_id("test", "course", str(n))),
    ),
    st.tuples(
        st.just(BlockScope.OFFERING),
        st.integers(0, 3).map(lambda n: derived_id("a", "offering", str(n))),
    ),
)
some_blocks = st.lists(targets, max_size=3).map(lambda told: in_force(*told))


@settings(deadline=None, max_examples=15)
@given(
    entries(),
    st.lists(some_blocks, min_size=1, max_size=3),
    st.sampled_from([None, *WORDS]),
    st.sampled_from(CourseSort),
)
def test_a_catalogue_under_blocks_answers_as_one_that_was_built_under_them(
    found: list[Entry], blocks: list[InForce], search: str | None, sort: CourseSort
):
    snapshot = shown_under(found, blocks[0])
    for each in blocks[1:]:
        snapshot = laid(snapshot, each)

    anew = shown_under(found, blocks[-1])

    query = CourseQuery(search=search, sort=sort)
    ours, theirs = (SnapshotReader(each, NOON) for each in (snapshot, anew))
    assert ours.courses(query, EVERYTHING).nodes == theirs.courses(query, EVERYTHING).nodes
    assert ours.facets(query) == theirs.facets(query)
    available = CourseQuery(filter=CourseFilter(available_only=True))
    for one, other in ((ours, theirs), (ours.only(FRESH), theirs.only(FRESH))):
        found = one.courses(available, EVERYTHING).nodes
        assert found == other.courses(available, EVERYTHING).nodes
    assert ours.institutions(None, EVERYTHING).nodes == theirs.institutions(None, EVERYTHING).nodes
    assert ours.suggestions("d", 9) == theirs.suggestions("d", 9)
    assert snapshot.courses == anew.courses
    assert snapshot.offerings == anew.offerings
    assert sorted(snapshot.live_ids()) == sorted(anew.live_ids())


@settings(deadline=None, max_examples=15)
@given(entries(), some_blocks, some_blocks)
def test_at_once_nothing_is_shown_that_is_blocked(
    found: list[Entry], before: InForce, blocks: InForce
):
    snapshot = veiled(shown_under(found, before), blocks)

    wanted = {each.course.id: {sold.id for sold in blocks.left_of(each)} for each in found}
    for course in courses(snapshot):
        assert {sold.id for sold in course.offerings} <= wanted[course.id]
    short = {each.course.id for each in found if wanted[each.course.id]} - {*snapshot.live_ids()}
    assert short <= snapshot.veil.behind  # what is not shown and might be is known to be so


@settings(deadline=None, max_examples=15)
@given(entries(), entries(), some_blocks)
def test_what_changes_under_blocks_is_as_if_it_had_always_been_so(
    found: list[Entry], later: list[Entry], blocks: InForce
):
    come, hidden = under(later, blocks, RUPIAH_ONLY)
    standing = {each.course.id: each for each in found} | {each.course.id: each for each in later}

    snapshot = shown_under(found, blocks).changed(2, come, hidden=hidden)

    anew = shown_under([*standing.values()], blocks, revision=2)
    assert courses(snapshot) == courses(anew)
    assert snapshot.courses == anew.courses
    without, freely = laid(snapshot, in_force()), shown_under([*standing.values()], in_force())
    assert courses(without) == courses(freely)


SATU = an_offering("1", "Barista Satu", "LKP Kopi")
DUA = an_offering("2", "Barista Dua", "LKP Roti")
DUAS = an_offering("2", "Barista Dua", "LKP Roti", partner=PINTARIA, price=100_000)
OF_TOKOPEDIA = (BlockScope.PARTNER, TOKOPEDIA)


def a_catalogue() -> Snapshot:
    return Snapshot(1, [an_entry(1, SATU), an_entry(2, DUA, DUAS)])


def test_a_hidden_course_is_a_tombstone_to_who_knows_its_id():
    snapshot = veiled(a_catalogue(), in_force(OF_TOKOPEDIA))
    reader = SnapshotReader(snapshot, NOON)

    course = reader.course_of(SATU.id)

    assert (course.withdrawn, course.offerings, course.title) == (True, (), "Barista Satu")
    assert reader.offering(SATU.id) is SATU
    assert snapshot.slot(course.id) is None
    with pytest.raises(LookupError):
        snapshot.course_at(0)


def test_of_a_course_that_others_sell_the_rest_is_shown_once_it_is_worked_out():
    at_once = veiled(a_catalogue(), in_force(OF_TOKOPEDIA))

    soon = caught_up(at_once, RUPIAH_ONLY)

    assert courses(at_once) == []
    assert [(each.offerings, each.lowest_price) for each in courses(soon)] == [
        ((DUAS,), DUAS.price)
    ]
    assert soon.veil.behind == frozenset()
    assert soon.name != at_once.name  # what was answered before is not the answer any more


def test_a_block_that_ends_shows_at_once_what_was_hidden():
    blocked = laid(a_catalogue(), in_force(OF_TOKOPEDIA))

    at_once = veiled(blocked, in_force())

    assert [each.title for each in courses(at_once)] == ["Barista Dua", "Barista Satu"]
    assert courses(laid(blocked, in_force())) == courses(a_catalogue())


def test_no_suggestion_is_made_of_hidden_courses_alone():
    snapshot = laid(a_catalogue(), in_force((BlockScope.COURSE, "course-1")))

    suggested = SnapshotReader(snapshot, NOON).suggestions("sa", 9)

    assert [each.text for each in SnapshotReader(a_catalogue(), NOON).suggestions("sa", 9)]
    assert suggested == []
    assert SnapshotReader(snapshot, NOON).suggestions("kopi", 9) == []


@pytest.mark.parametrize(
    "block",
    [
        (BlockScope.COURSE, "former-course"),
        (BlockScope.INSTITUTION, "former-institution"),
    ],
)
def test_what_was_merged_has_taken_its_blocks_along(block: tuple[BlockScope, str]):
    redirects = {
        "former-course": "course-1",
        "former-institution": InstitutionId(institution_id("LKP Kopi")),
    }

    snapshot = laid(a_catalogue(), in_force(block, redirects=redirects))

    assert [each.title for each in courses(snapshot)] == ["Barista Dua"]


@pytest.mark.parametrize(
    ("sold", "block"),
    [
        (an_offering(bundle=True), (BlockScope.BUNDLE, EVERY_BUNDLE)),
        (an_offering(), (BlockScope.OFFERING, an_offering().id)),
        (an_offering(delivery_mode=DeliveryMode.ONSITE), (BlockScope.DELIVERY_MODE, "ONSITE")),
    ],
)
def test_an_offering_may_be_named_by_its_kind(sold: Offering, block: tuple[BlockScope, str]):
    entry = an_entry(1, sold)

    assert in_force(block).left_of(entry) == []
    assert in_force((block[0], "another")).left_of(entry) == [sold]


STORED = StoredBlocks(5, [BlockInForce(1, BlockScope.COURSE, CourseId("c1"))])


@pytest.mark.parametrize(
    ("number", "standing", "expected"),
    [
        pytest.param(4, [], {"c1"}, id="older-news-than-the-catalogue-has-followed"),
        pytest.param(6, [], set(), id="lifted-since"),
        pytest.param(6, [a_block(2, BlockScope.COURSE, "c2")], {"c2"}, id="another-since"),
        pytest.param(
            5, [a_block(1, BlockScope.COURSE, "c1", hours=1)], {"c1"}, id="begun-by-another-clock"
        ),
        pytest.param(6, [a_block(2, BlockScope.COURSE, "c2", hours=1)], set(), id="still-to-come"),
    ],
)
def test_who_knows_more_of_the_blocks_is_believed(
    number: int, standing: list[Block], expected: set[str]
):
    ledger = LedgerBlocks(lambda: NOON)
    ledger.learn(number, standing)

    found = ledger.in_force(STORED, {})

    assert found.values[BlockScope.COURSE] == expected
    assert bool(found.ahead) == (expected != {"c1"})


def test_older_news_of_the_ledger_are_forgotten():
    ledger = LedgerBlocks(lambda: NOON)
    ledger.learn(7, [])
    ledger.learn(6, [a_block(2, BlockScope.COURSE, "c2")])

    assert ledger.in_force(STORED, {}).values[BlockScope.COURSE] == frozenset()


def test_a_snapshot_under_blocks_that_its_revision_does_not_have_has_a_name_of_its_own():
    blocks, others = in_force(OF_TOKOPEDIA), in_force(OF_TOKOPEDIA, (BlockScope.COURSE, "course-2"))

    names = {a_catalogue().name, *(laid(a_catalogue(), each).name for each in (blocks, others))}

    assert len(names) == 3
    assert laid(laid(a_catalogue(), blocks), in_force()).name == "1"
