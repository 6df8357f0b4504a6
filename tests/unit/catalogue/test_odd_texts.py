"""Texts as published lists really have them come out safe, capped and in one piece."""

import pytest

from gateway.catalogue.cleaning import (
    HTML_LENGTH,
    SUMMARY_LENGTH,
    TITLE_LENGTH,
    clean_html,
    clean_offering,
    clean_summary,
)
from schema.model.catalogue import ListedCourse, Offering
from schema.model.values import PartnerCode, RemoteId


@pytest.mark.parametrize(
    ("html", "left"),
    [
        pytest.param(
            '<p><span style=\\"font-size: 0.9375rem;\\"><b>Tujuan</b></span></p>',
            "<p><b>Tujuan</b></p>",
            id="escaped-quotes-in-attributes",
        ),
        pytest.param(
            "<p>a<!--[if !supportLineBreakNewLine]--><br><!--[endif]--></p>",
            "<p>a<br></p>",
            id="word-processor",
        ),
        pytest.param(
            '<p data-block-key="38wzq">a</p><p class="special">b</p>', "<p>a</p><p>b</p>", id="cms"
        ),
        pytest.param(
            '<a href="https://professional.mit.eduhttp://professional.mit.edu/node/233">a</a>',
            '<a href="https://professional.mit.eduhttp://professional.mit.edu/node/233"'
            ' rel="nofollow noopener">a</a>',
            id="two-addresses-in-one",
        ),
        pytest.param("<p>a&nbsp;</p>\u00a0<p>&nbsp;</p><p> </p>", "<p>a </p>", id="hard-spaces"),
        pytest.param("a\u2066b\u2069c\u200bd\ufeff", "abcd", id="isolates-and-zero-width"),
        pytest.param("<iframe src='https://x.test'></iframe><video></video>a", "a", id="frames"),
    ],
)
def test_published_markup_comes_out_small_and_safe(html, left):
    found = clean_html(html)

    assert found is not None
    assert " ".join(found.replace("&nbsp;", " ").split()) == left


@pytest.mark.parametrize(
    "title",
    [
        pytest.param(
            "Aprende Ingl\u00e9s \u2013 \u4e2d\u6587 \u65e5\u672c\u8a9e", id="many-scripts"
        ),
        pytest.param("T\u00c3\u00a9cnicas de venta", id="mojibake"),
        pytest.param('R$ <> & "quotes" \u2122', id="signs"),
        pytest.param("Learn \U0001f3b8 Guitar", id="beyond-two-bytes"),
    ],
)
def test_odd_titles_are_kept_as_they_are(title):
    listed = ListedCourse(title=title, institution="Udemy")

    offering = Offering(PartnerCode("udemy"), RemoteId("1"), listed)

    assert clean_offering(offering).listed.title == title


def test_lengths_count_characters_however_many_bytes_they_have():
    listed = ListedCourse(title="\U0001f3b8" * 301, institution="\u4e2d" * 201)
    cleaned = clean_offering(Offering(PartnerCode("udemy"), RemoteId("1"), listed)).listed

    assert len(cleaned.title) == TITLE_LENGTH
    assert len(cleaned.institution) == 200
    assert len(clean_summary("\u4e2d" * 5_000) or "") == SUMMARY_LENGTH
    assert len(clean_html("\U0001f3b8" * (HTML_LENGTH + 7)) or "") == HTML_LENGTH
