"""Which spellings are one name does not depend on the order in which they were met."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue.identity.choosing import Spelling
from gateway.catalogue.identity.grouping import Grouping, Member, group
from gateway.catalogue.identity.names import to_institution, to_title
from gateway.catalogue.identity.scores import compare_institutions, compare_titles

THEN = datetime(2026, 3, 2, tzinfo=UTC)
WORDS = ["barista", "hidroponik", "pemula", "lanjutan", "bandung", "badung", "kelas", "untuk"]


def a_title(text: str, *partners: str, since: int = 0, **told) -> Member:
    sold = partners or (text,)  # each by a partner of its own
    spelling = Spelling(text, told.pop("target", text), to_title(text), sold[0], "institution")
    moment = THEN + timedelta(days=since)
    return Member(spelling, text, moment, frozenset(sold), **told)


def an_institution(text: str) -> Member:
    return Member(Spelling(text, text, to_institution(text), ""), text, THEN)


def parts(found: Grouping) -> set[frozenset[str]]:
    """Return which keys are one, whatever they are called."""
    by_target: dict[str, set[str]] = {}
    for key, target in found.targets.items():
        by_target.setdefault(target, set()).add(key)
    return {frozenset(each) for each in by_target.values()}


def together(*groups: str) -> set[frozenset[str]]:
    return {frozenset(each.split(" | ")) for each in groups}


def one_partition(members: list[Member], compare=compare_titles) -> set[frozenset[str]]:
    """Return what comes of the members in whichever order, which must be one thing."""
    found = {frozenset(parts(group(order, compare))) for order in permutations(members)}
    assert len(found) == 1
    return set(found.pop())


def test_who_stands_between_two_slips_joins_them():
    members = [a_title("Belajar Hidroponk"), a_title("Belajar Hidroponik"),
               a_title("Belajar Hidrooponik")]  # fmt: skip

    assert one_partition(members) == together(
        "Belajar Hidroponk | Belajar Hidroponik | Belajar Hidrooponik"
    )


def test_who_stands_between_two_titles_of_one_shelf_joins_neither():
    members = [
        a_title("Kelas Barrista", "toko"),
        a_title("Kelas Barista", "pintaria"),
        a_title("Kelas Baristaa", "toko"),
    ]

    assert one_partition(members) == together("Kelas Barista", "Kelas Baristaa", "Kelas Barrista")


def test_who_lists_both_has_two_courses_whoever_came_first():
    members = [a_title("Kelas Barista", "pintaria", "toko"), a_title("Kelas Baristaa", "toko")]

    assert one_partition(members) == together("Kelas Barista", "Kelas Baristaa")


def test_a_name_without_a_legal_form_joins_no_two_forms():
    members = [an_institution(name) for name in ("PT Maju Jaya", "CV Maju Jaya", "Maju Jaya")]

    assert one_partition(members, compare_institutions) == together(
        "PT Maju Jaya", "CV Maju Jaya", "Maju Jaya"
    )


def test_two_places_are_never_joined_by_a_slip_between_them():
    bandung, badung = "Barista Kota Bandung", "Barista Kota Badung"

    found = one_partition([a_title(bandung), a_title(badung), a_title("Barista Kota Baddung")])

    assert not any({bandung, badung} <= each for each in found)


def test_what_an_operator_has_parted_stays_so():
    split = a_title("Kelas Baristaa", since=2, is_decided=True)
    members = [a_title("Kelas Barista"), split, a_title("Kelas Barrista", since=1)]

    assert one_partition(members) == together("Kelas Barista | Kelas Barrista", "Kelas Baristaa")


def test_what_an_operator_has_joined_stays_so():
    kept, merged = a_title("Seduh Manual"), a_title(
        "Kelas Barista", target="Seduh Manual", since=2, is_decided=True
    )  # fmt: skip

    found = group([kept, merged, a_title("Las Listrik")], compare_titles)

    assert parts(found) == together("Seduh Manual | Kelas Barista", "Las Listrik")
    assert found.targets["Kelas Barista"] == "Seduh Manual"


def test_a_name_that_came_after_a_split_joins_neither():
    split = a_title("Kelas Baristaa", since=2, is_decided=True)
    members = [a_title("Kelas Barrista"), split, a_title("Kelas Barista", since=3)]

    assert one_partition(members) == together("Kelas Barista", "Kelas Baristaa", "Kelas Barrista")


def test_the_name_that_stands_stays():
    old, new = a_title("Kelas Barista", target="split"), a_title("Kelas Barrista", since=1)

    assert set(group([old, new], compare_titles).targets.values()) == {"split"}


def test_evidence_and_doubt_are_told():
    members = [a_title("Barista utk Pemula"), a_title("Barista untuk Pemula"),
               a_title("Barista untuk Pemulo")]  # fmt: skip

    found = group(members, compare_titles)

    assert found.likeness["Barista untuk Pemula"].rules[-1] == "abbreviation: utk"
    assert {each for pair in found.unsure for each in pair} >= {"Barista untuk Pemulo"}


@st.composite
def spelled(draw: st.DrawFn) -> list[Member]:
    """Draw titles with slips, each sold by some of three partners."""
    found: dict[str, Member] = {}
    for _ in range(draw(st.integers(2, 6))):
        text = " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=2, max_size=3)))
        for _ in range(draw(st.integers(0, 2))):
            at = draw(st.integers(0, len(text) - 1))
            text = draw(
                st.sampled_from(
                    [text[:at] + text[at + 1 :], text[:at] + text[at : at + 1] + text[at:]]
                )
            )
        partners = draw(st.sets(st.sampled_from("abc"), min_size=1))
        if to_title(text).words:
            found[text] = a_title(text, *sorted(partners))
    return list(found.values())


@settings(max_examples=40, deadline=None)
@given(members=spelled(), data=st.data())
def test_any_order_gives_the_same(members: list[Member], data: st.DataObject):
    order = data.draw(st.permutations(members))

    found = group(members, compare_titles)

    assert parts(found) == parts(group(order, compare_titles))
    for part in parts(found):
        shelves = [each for each in members if each.key in part]
        for one, other in permutations(shelves, 2):
            same = one.spelling.name.compact == other.spelling.name.compact
            assert same or not one.partners & other.partners


@pytest.mark.parametrize("times", [1, 2])
def test_grouping_again_changes_nothing(times: int):
    members = [a_title(f"Kelas {word}", since=n) for n, word in enumerate(
        ("Barista", "Baristaa", "Barrista", "Hidroponik", "Hidroponk"))]  # fmt: skip
    first = group(members, compare_titles)
    for _ in range(times):
        members = [
            a_title(each.key, target=first.targets[each.key], since=n)
            for n, each in enumerate(members)
        ]
        assert group(members, compare_titles).targets == first.targets
