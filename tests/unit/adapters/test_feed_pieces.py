"""The piece of a text that a field wants: a part, an unescaped text, what a heading heads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feed.options import FeedOptionsError, Options
from adapters.feed.pieces import text_under
from adapters.feed.sources import build_source

PAGE = """
<p></p><p><span><b>Deskripsi&nbsp;Pelatihan<br></b></span></p><p>Menyeduh <b>kopi</b>.<br>Pelan.</p>
<p><span><br><span><b>Level
Pelatihan</b></span></span></p><p><span>Basic / Tingkat dasar</span></p><p><b><br></b></p>
<p><b>Durasi</b>: 4 jam</p><script>alert("x")</script><style>p{}</style>
<h3>Kapasitas Peserta:</h3>Unlimited<ul><li>satu</li><li>dua</li></ul>
<p><b>Level Pelatihan</b></p><p>Lanjut</p>
"""


@pytest.mark.parametrize(
    ("headings", "text"),
    [
        pytest.param(("Deskripsi Pelatihan",), "Menyeduh kopi .\nPelan.", id="prose"),
        pytest.param(("LEVEL pelatihan",), "Basic / Tingkat dasar", id="first-of-two"),
        pytest.param(("Total Durasi", "Durasi"), "4 jam", id="on-one-line"),
        pytest.param(("Kapasitas Peserta",), "Unlimited\nsatu\ndua", id="heading-and-list"),
        pytest.param(("Metode",), None, id="absent"),
    ],
)
def test_text_is_found_under_its_heading(headings, text):
    found = text_under(PAGE, headings)

    assert (found and found.replace("kopi.", "kopi .")) == text


@given(st.text(alphabet="<>/bp&; aD\"'=!-", max_size=200))
def test_any_text_can_be_searched_for_headings(html):
    found = text_under(html, ("D",))

    assert found is None or found.strip()


@pytest.mark.parametrize(
    "html",
    [
        "<" * 200_000,
        "<b>" * 70_000,
        "<!--" * 50_000,
        "&" * 100_000,
        "<b a='" * 4_000,
        "\n" * 100_000,
    ],
    ids=lambda html: html[:4].strip() or "lines",
)
def test_what_was_written_to_do_harm_has_no_headings(html):
    assert text_under(html, ("Durasi",)) is None


def piece(source: dict, **row):
    options = Options("options", {"field": source}).source("field")
    return build_source(options, frozenset({"-"}))(row)


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        pytest.param({"separator": ":"}, "Business: Digital/IT", "Business", id="first"),
        pytest.param(
            {"separator": ":", "part": "last"}, "Business: Digital/IT", "Digital/IT", id="last"
        ),
        pytest.param({"separator": "|"}, "satu", "satu", id="one-part"),
        pytest.param({"separator": "|"}, "-|dua", None, id="empty-part"),
        pytest.param({"separator": "|"}, 7, 7, id="no-text"),
        pytest.param({"strip": ".-"}, "Vokraf .", "Vokraf", id="strip"),
        pytest.param({"strip": ".-"}, " - ", None, id="all-stripped"),
        pytest.param({"backslashes": True}, r"a\"b\r\nc\'d\te", "a\"b\nc'd\te", id="backslashes"),
        pytest.param(
            {"backslashes": True, "heading": "Level", "separator": "/"},
            r"<p style=\"\"><b>\r\nLevel</b></p><p>Basic / Dasar</p>",
            "Basic",
            id="all-together",
        ),
    ],
)
def test_a_value_is_cut_to_the_piece_that_is_wanted(source, value, expected):
    assert piece({"from": "x"} | source, x=value) == expected


def test_the_first_of_several_sources_that_says_something_counts():
    source = {"first_of": ["durasi", {"from": "isi", "heading": "Durasi"}, {"constant": "1 jam"}]}

    assert piece(source, durasi="2 jam", isi="") == "2 jam"
    assert piece(source, durasi="-", isi="<b>Durasi</b><br>3 jam") == "3 jam"
    assert piece(source, isi="tanpa") == "1 jam"


def test_a_star_stands_for_each_of_a_list():
    rows = {"runs": [{"mode": None}, {"mode": "Online"}, {"mode": "Blended"}]}

    assert piece({"from": "runs.*.mode"}, **rows) == "Online"
    assert piece({"from": "runs.*.harga"}, **rows) is None


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ({"from": "x", "part": "last"}, "part needs a separator"),
        ({"from": "x", "separator": "|", "part": "2"}, "part must be one of first, last"),
        ({"first_of": []}, "first_of must be a list of sources"),
        ({"first_of": [{"heading": "x"}]}, "has no source"),
        ({"first_of": [{"from": "x", "hd": "x"}]}, "hd is not a key of a source"),
        ({"first_of": ["x"], "from": "x"}, "must have one source"),
    ],
)
def test_pieces_that_make_no_sense_are_refused(source, sentence):
    with pytest.raises(FeedOptionsError) as refused:
        piece(source, x="")

    assert sentence in str(refused.value)
