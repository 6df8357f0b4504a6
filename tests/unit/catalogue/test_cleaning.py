"""What cleaning takes away from partners' words, and what it leaves."""

import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.catalogue import cleaning
from gateway.catalogue.cleaning import (
    HTML_LENGTH,
    LANGUAGE_LENGTH,
    MOST_LANGUAGES,
    NAME_LENGTH,
    SUMMARY_LENGTH,
    TITLE_LENGTH,
    clean_html,
    clean_offering,
    clean_summary,
    cut,
    visible,
)
from schema.model.catalogue import Category, ListedCourse, Offering, Session, UnknownTerm, Venue
from schema.model.values import PartnerCode, RemoteId

PARTNER = PartnerCode("a_partner")
SESSION = Session(
    partner=PARTNER,
    key=RemoteId("S-1"),
    starts_at=datetime(2020, 6, 1, 9, tzinfo=ZoneInfo("Asia/Makassar")),
    venue=Venue("Balai", "Jl. Merdeka 1", "73.71", "Kota Makassar"),
)
HARMLESS_TAGS = {"p", "br", "ul", "ol", "li", "b", "strong", "i", "em", "h3", "h4", "a"}
# What partners and those who mean harm really send, glued together at random.
SHREDS = st.sampled_from(
    [
        "<p>", "</p>", "<b>", "</b>", "<br>", "<ul><li>", "</ul>", "<h1>", "<a href=", "'", '"',
        ">", "<script>", "</script>", "alert(1)", "<scr\0ipt>", "<svg/onload=x>", "<math><mtext>",
        "<style>", "<!--", "-->", "<![CDATA[", "]]>", "<title>", "<table>", "<td>", "<form>",
        "<img src=x onerror=x>", "javascript:x", "https://a.test/", "<a href='https://a.test/'>",
        "&lt;", "&amp;", "&#60;", "&#x202e;", "&nbsp;", "&amp;lt;b&amp;gt;", "&", "<", "\x1b[31m",
        "\x1b]0;x\x07", "\x9b1m", "\u202e", "\u200b", "\ufeff", "\ud800", "\0", "\n", " ", "é",
    ]
)  # fmt: skip
HOSTILE = st.one_of(st.text(), st.lists(SHREDS, max_size=14).map("".join))


def an_offering(*, url=None, sessions=(), unknown_terms=(), **listed):
    facts = {"title": "Latte Art", "institution": "Kafé Belajar"} | listed
    return Offering(
        partner=PARTNER,
        key=RemoteId("1"),
        listed=ListedCourse(**facts),
        url=url,
        sessions=sessions,
        unknown_terms=unknown_terms,
    )


def cleaned(**listed):
    return clean_offering(an_offering(**listed)).listed


def test_clean_words_stay_as_they_are():
    offering = an_offering(
        summary="Belajar latte art dari nol.",
        description_html="<h3>Deskripsi</h3><p>Belajar <b>latte</b>.</p>",
        category=Category("makanan-dan-minuman", "Makanan dan Minuman"),
        rating=4.7,
        image_url="https://gambar.test/1.jpg",
        url="https://toko.test/kelas?id=1",
        sessions=(SESSION,),
        unknown_terms=(UnknownTerm("level", "Sepuh"),),
    )

    assert clean_offering(offering) == offering


@pytest.mark.parametrize(
    ("html", "left"),
    [
        pytest.param("<script>alert(1)</script><p>a</p>", "<p>a</p>", id="script"),
        pytest.param("<scr\0ipt>alert(1)</script>a", "a", id="script-in-disguise"),
        pytest.param('<p onclick="x" style="y">a</p>', "<p>a</p>", id="attributes"),
        pytest.param("<span><span><b>a</b></span></span>", "<b>a</b>", id="nested-spans"),
        pytest.param("<p></p><p><b><br></b></p><p>a</p>", "<p>a</p>", id="empty-paragraphs"),
        pytest.param("<!-- a -->b", "b", id="comment"),
        pytest.param("<img src=x onerror=y>a", "a", id="image"),
        pytest.param("a&#x202e;b", "ab", id="bidi-as-a-reference"),
        pytest.param("a\n\n  b", "a b", id="white-space"),
        pytest.param("1 < 2 & 3", "1 &lt; 2 &amp; 3", id="plain-text"),
    ],
)
def test_descriptions_keep_a_few_harmless_tags(html, left):
    assert clean_html(html) == left


@pytest.mark.parametrize(
    "html",
    [
        "<a href='javascript:alert(1)'>a</a>",
        "<a href='http://a.test/'>a</a>",
        "<a href='/relative'>a</a>",
        "<a href='//a.test/'>a</a>",
        "<a href='https://bank.test@evil.test/'>a</a>",
    ],
)
def test_a_link_leads_to_https_or_nowhere(html):
    assert clean_html(html) == '<a rel="nofollow noopener">a</a>'


def test_a_good_link_vouches_for_nothing():
    html = clean_html('<a href="https://a.test/x?y=1" target="_blank">a</a>')

    assert html == '<a href="https://a.test/x?y=1" rel="nofollow noopener">a</a>'


def test_nothing_to_show_is_no_description():
    assert cleaned(description_html="<p>&#8203;</p><script>x</script>").description_html is None


@pytest.mark.parametrize("html", ["<ul>" * 20_000, "<b>" * 4_999 + "a", "<p>" * 30_000])
def test_markup_without_end_is_dropped(html):
    assert clean_html(html) is None


def test_an_endless_description_ends():
    html = clean_html("<p>" + "kopi susu " * HTML_LENGTH)

    assert html is not None
    assert len(html) <= HTML_LENGTH + len("</p>")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("<p>Belajar <b>kopi</b>.</p><p>Mudah.</p>", "Belajar kopi. Mudah.", id="tags"),
        pytest.param("Kopi &amp; teh", "Kopi & teh", id="references"),
        pytest.param("&lt;script&gt;x&lt;/script&gt;kopi", "kopi", id="tags-as-references"),
        pytest.param("&amp;lt;b&amp;gt;kopi", "kopi", id="tags-twice-wrapped"),
        pytest.param("harga < 5 & > 3", "harga < 5 & > 3", id="signs"),
        pytest.param("satu\u2028dua\x00\u202etiga", "satu duatiga", id="invisible"),
        pytest.param("<p> </p>", None, id="nothing"),
    ],
)
def test_summaries_are_plain_text(text, left):
    assert clean_summary(text) == left


def test_a_missing_summary_is_the_beginning_of_the_description():
    html = "<p><b>Deskripsi</b></p><p>" + "Belajar meracik kopi. " * 40 + "</p>"

    summary = cleaned(description_html=html).summary

    assert summary is not None
    assert summary.startswith("Deskripsi Belajar meracik kopi.")
    assert 280 < len(summary) <= 300
    assert re.search(r"(Belajar|meracik|kopi\.)…$", summary), "is cut at a word"


def test_text_is_cut_at_a_word_when_there_is_one():
    assert cut("satu dua tiga", 13) == "satu dua tiga"
    assert cut("satu dua tiga", 12) == "satu dua…"
    assert cut("satuduatiga", 8) == "satudua…"


def test_lengths_are_capped_in_characters():
    listed = cleaned(title="é" * 999, institution="kopi " * 99, summary="kopi " * 999)

    assert len(listed.title) == TITLE_LENGTH
    assert len(listed.institution) <= NAME_LENGTH
    assert len(listed.summary) <= SUMMARY_LENGTH


def test_terminal_codes_leave_no_trace():
    assert visible("\x1b[31mMerah\x1b[0m \x1b]0;judul\x07 \x9b1mtebal") == "Merah tebal"


def test_titles_are_text_and_may_speak_of_tags():
    assert cleaned(title="Mengenal  <div>\u200b &amp; <p>").title == "Mengenal <div> &amp; <p>"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//a.test/x",
        "/x",
        "https:///x",
        "https://kata:sandi@a.test/",
        "https://bank.test@evil.test/",
        "https://a.test\\@evil.test/",
        "https://a.test/a b",
        "https://a.test/\u202egpj.exe",
        "https://[a.test/",
        "https://a.test/" + "x" * 3_000,
    ],
)
def test_doubtful_addresses_are_dropped(url):
    offering = clean_offering(an_offering(url=url, image_url=url))

    assert offering.url is None
    assert offering.listed.image_url is None


@pytest.mark.parametrize(
    ("rating", "left"),
    [(4.5, 4.5), (-1.0, 0.0), (47.0, 5.0), (float("nan"), None), (float("inf"), None)],
)
def test_ratings_are_from_0_to_5(rating, left):
    assert cleaned(rating=rating).rating == left


def test_names_around_the_course_are_cleaned_too():
    offering = clean_offering(
        an_offering(
            category=Category("teknik\u200b", "Teknik\u200b"),
            sessions=(replace(SESSION, venue=Venue("Balai\0", "Jl.\n1", "73.71", "\u202e")),),
            unknown_terms=(UnknownTerm("level", "\x1b[31mSepuh"),),
        )
    )

    assert offering.listed.category == Category("teknik", "Teknik")
    assert offering.sessions[0].venue == Venue("Balai", "Jl. 1", "73.71", None)
    assert offering.sessions[0].starts_at == SESSION.starts_at
    assert offering.unknown_terms == (UnknownTerm("level", "Sepuh"),)


@given(html=HOSTILE, summary=st.none() | HOSTILE, title=HOSTILE, url=HOSTILE)
@example(html="", summary="&am" + "p;" * 900, title="", url="")
def test_cleaning_twice_changes_nothing(html, summary, title, url):
    once = clean_offering(
        an_offering(description_html=html, summary=summary, title=title, url=url, image_url=url)
    )

    assert clean_offering(once) == once


@given(text=HOSTILE)
def test_nothing_invisible_is_left(text):
    listed = cleaned(title=text, summary=text, description_html=text)

    for left in (listed.title, listed.summary or "", listed.description_html or ""):
        assert left.isprintable()
        assert "\xa0" not in left


class Tags(HTMLParser):
    """Collects what a browser would take for tags and attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links.update(value for name, value in attrs if name == "href")


@given(html=HOSTILE)
@example(html="<svg><p><style><a id='</style><img src=1 onerror=alert(1)>'>")
@example(html="<math><mtext><table><mglyph><style><img src=x onerror=x>")
def test_no_script_survives(html):
    found = Tags(clean_html(html) or "")

    assert found.names <= HARMLESS_TAGS
    assert found.attributes <= {"href", "rel"}
    assert all(link.startswith("https://") for link in found.links)


@given(
    st.text(alphabet="ab <>\n\t\x1b[0m]\x07\x9b\u200b\u00a0\u3000\u202e\x1c\ud800é", max_size=40)
)
def test_short_cuts_make_the_same_text_visible(text):
    every_word = cleaning._TERMINAL_CODE.sub("", text).split()
    shown = ("".join(filter(str.isprintable, word)) for word in every_word)

    assert visible(text) == " ".join(filter(None, shown))


def test_languages_are_short_names_and_few():
    told = ("id", "en\u202e", "\x1b[31m", "id", "x" * 500, *(f"l{n}" for n in range(500)))

    found = clean_offering(an_offering(languages=told)).listed.languages

    assert found[:2] == ("id", "en")
    assert len(found) <= MOST_LANGUAGES
    assert all(0 < len(each) <= LANGUAGE_LENGTH and each.isprintable() for each in found)
