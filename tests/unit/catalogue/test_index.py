"""Typing words finds what a person expects."""

from collections.abc import Iterable

import pytest
import tantivy
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue import index as index_module
from gateway.catalogue import texts
from gateway.catalogue.index import Document, SearchIndex
from gateway.catalogue.texts import Texts
from gateway.catalogue.words import stem
from tests.unit.catalogue.strategies import WORDS, titles

TITLES = [
    "Desain Grafis untuk Pemula",
    "Barista Dasar",
    "Dasar Desain Web",
    "Akuntansi",
    "Grafis dan Desain Kemasan",
]
DOCUMENTS = [
    *(Document(title, "LKP Kopi Nusantara", "Kreatif") for title in TITLES),
    Document("Fotografi", "Sekolah Barista", "Kreatif", "Desain grafis dibahas sekilas."),
]


def an_index(documents: Iterable[Document]) -> SearchIndex:
    return SearchIndex(enumerate(documents))


INDEX = an_index(DOCUMENTS)


def found(text: str, index: SearchIndex = INDEX) -> list[int] | None:
    answer = index.search(text)
    if answer is None:
        return None
    scores = dict(zip(answer.slots.tolist(), answer.scores.tolist(), strict=True))
    return sorted(scores, key=lambda slot: (-scores[slot], slot))


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        pytest.param("desain grafis", [0, 4, 5], id="all-words-phrase-first"),
        pytest.param("DESÁIN  Grafis!", [0, 4, 5], id="folded"),
        pytest.param("barista", [1, 5], id="title-before-institution"),
        pytest.param("kursus barista", [1, 5], id="the-word-course-need-not-stand"),
        pytest.param("desain untuk web", [2], id="nor-need-little-words"),
        pytest.param("akun", [3], id="beginning-of-a-word"),
        pytest.param("desain pesawat", [], id="one-word-missing"),
        pytest.param("untuk", [0], id="a-little-word-alone-counts"),
        pytest.param("!!", None, id="no-word-at-all-means-all"),
    ],
)
def test_search(text: str, slots: list[int] | None):
    assert found(text) == slots


def test_a_whole_word_goes_before_its_beginning():
    index = an_index(Document(title) for title in ("Desainkan Andal", "Kelas Desain"))

    assert found("desain", index) == [1, 0]


def test_searching_changes_no_later_answer():
    first = found("desain grafis")

    assert found("desain grafis") == first


FORMS = an_index(
    Document(title, summary=summary)
    for title, summary in [
        ("Mengelola Keuangan Usaha", ""),
        ("Pengelolaan Keuangan Keluarga", ""),
        ("Kelola Uang", ""),
        ("Dikelola Bersama", "Keuangan pribadi."),
        ("Pengelola Toko", "Tanpa angka."),
        ("Ruang Kerja", "Kelola ruang."),
    ]
)


@pytest.mark.parametrize(
    "text",
    [
        "kelola keuangan",
        "mengelola keuangan",
        "pengelolaan keuangan",
        "kelola keuagan",
        "kelola keunagan",
        "kelolla keuangan",
        "dikelola uang",
        "keuangan yang dikelola",
    ],
)
def test_every_form_and_slip_finds_the_same_set(text: str):
    assert set(found(text, FORMS) or ()) == {0, 1, 2, 3}


def test_a_partners_own_slip_is_found_too_and_finds_the_rest():
    index = an_index(Document(title) for title in ["Keuangan"] * 5 + ["Keuagan", "Barista"])

    assert set(found("keuangan", index) or ()) == set(range(6))
    assert set(found("keuagan", index) or ()) == set(range(6))


def test_changes_are_found_and_an_older_index_does_not_see_them():
    older = an_index([Document("Barista"), Document("Cukur")])

    newer = older.changed({0: Document("Barista")}, {0: Document("Batik"), 2: Document("Barista")})

    assert (found("barista", older), found("barista", newer)) == ([0], [2])
    assert (found("batik", older), found("batik", newer)) == ([], [0])


def test_what_was_changed_is_asked_without_the_writer_which_may_be_at_the_next_one(monkeypatch):
    changed = an_index(DOCUMENTS).changed({}, {6: Document("Batik")})
    monkeypatch.setattr(Texts, "committed", lambda _: pytest.fail("the writer was needed"))

    assert found("batik", changed) == [6]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 5), titles), max_size=8), st.sampled_from(WORDS))
def test_changing_an_index_is_building_it_anew(changes: list[tuple[int, str]], text: str):
    assert_changes_are_followed(changes, text)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 5), titles), max_size=8), st.sampled_from(WORDS))
def test_postings_that_are_carried_on_are_those_read_anew(
    changes: list[tuple[int, str]], text: str
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_module, "LONG", 0)
        assert_changes_are_followed(changes, text)


def test_long_postings_are_read_in_pieces_and_are_the_same(monkeypatch: pytest.MonkeyPatch):
    """While hits are made objects no other thread gets on: too many at once hold up everybody."""
    titles = [f"barista {'dasar' if n % 3 else 'kopi'} {n}" for n in range(50)]
    documents = dict(enumerate(map(Document, titles)))
    index = SearchIndex(documents.items()).changed({7: documents[7]}, {60: Document("barista")})
    words = ("barista", "dasar", "kopi")
    whole = [index.searcher().holding("title", (stem(word),)).tolist() for word in words]
    read = list[int]()

    def noting(searcher: tantivy.Searcher, query: tantivy.Query, most: int) -> texts.Slots:
        read.append(len(slots := hits(searcher, query, most)))
        return slots

    hits = texts._hits
    monkeypatch.setattr(texts, "_hits", noting)
    monkeypatch.setattr(texts, "_PIECE", 8)
    anew = SearchIndex(documents.items()).changed({7: documents[7]}, {60: Document("barista")})

    assert [anew.searcher().holding("title", (stem(word),)).tolist() for word in words] == whole
    assert anew.searcher().phrase([stem("barista"), stem("dasar")]).tolist() == whole[1]
    assert 0 < max(read) <= 8


def assert_changes_are_followed(changes: list[tuple[int, str]], text: str) -> None:
    documents: dict[int, Document] = {}
    index = SearchIndex()
    for slot, title in changes:
        gone = {slot: documents[slot]} if slot in documents else {}
        documents[slot] = Document(title)
        index = index.changed(gone, {slot: documents[slot]})
        index.search(text)

    assert found(text, index) == found(text, SearchIndex(documents.items()))
