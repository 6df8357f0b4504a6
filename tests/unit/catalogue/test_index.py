"""Typing words finds what a person expects."""

import pytest

from gateway.catalogue.index import SearchIndex, to_document

TITLES = [
    "Desain Grafis untuk Pemula",
    "Barista Dasar",
    "Dasar Desain Web",
    "Akuntansi",
    "Grafis dan Desain Kemasan",
]
DOCUMENTS = [
    *(to_document(title, "LKP Kopi Nusantara", "Kreatif", "") for title in TITLES),
    to_document("Fotografi", "Sekolah Barista", "Kreatif", "Desain grafis dibahas sekilas."),
]
INDEX = SearchIndex(DOCUMENTS)


def found(text: str) -> list[int]:
    scores = INDEX.search(text)
    return sorted(scores, key=lambda ordinal: (-scores[ordinal], ordinal))


@pytest.mark.parametrize(
    ("text", "ordinals"),
    [
        pytest.param("desain grafis", [0, 4, 5], id="all-words-phrase-first"),
        pytest.param("DESÁIN  Grafis!", [0, 4, 5], id="folded"),
        pytest.param("barista", [1, 5], id="title-before-institution"),
        pytest.param("kursus barista", [1, 5], id="the-word-course-need-not-stand"),
        pytest.param("desain untuk web", [2], id="nor-need-little-words"),
        pytest.param("akun", [3], id="beginning-of-a-word"),
        pytest.param("desain pesawat", [], id="one-word-missing"),
        pytest.param("untuk", [0], id="a-little-word-alone-counts"),
        pytest.param("!!", [0, 1, 2, 3, 4, 5], id="no-word-at-all"),
    ],
)
def test_search(text: str, ordinals: list[int]):
    assert found(text) == ordinals


def test_a_whole_word_goes_before_its_beginning():
    index = SearchIndex([to_document(t, "", "", "") for t in ("Desainer Andal", "Kelas Desain")])

    scores = index.search("desain")

    assert scores[1] > scores[0]


def test_searching_changes_no_later_answer():
    first = dict(INDEX.search("desain grafis"))

    assert dict(INDEX.search("desain grafis")) == first
