"""A course's page: what a person wants to know, and no text of a partner's as markup."""

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.course_page import to_gone_page, to_missing_page
from gateway.web.linked_data import to_script
from gateway.web.pages import HTML, LINKED_DATA, to_media_type
from schema.model.values import DeliveryMode
from tests.unit.schema.fakes import NOW, SISNAKER, a_course, a_session, an_offering
from tests.unit.web.told import DAY, URL, WHOLE, linked, page


class Scripts(HTMLParser):
    """Collects the contents of script elements, and how many elements there are."""

    def __init__(self, html):
        super().__init__()
        self.contents, self.tags, self._inside = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._inside = tag == "script"

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.contents.append(data)


EVIL = "</script><script>alert(1)</script><!--\"'&\u2028"
texts = st.text(alphabet=st.sampled_from("<>/!-&\"'scriptx\u2028"), max_size=30) | st.just(EVIL)


@given(title=texts, summary=texts)
def test_no_text_of_a_partner_becomes_markup(title, summary):
    course = a_course(title=title, summary=summary or None)

    found = Scripts(page(course))

    assert found.tags == Scripts(page(a_course(summary="x" if summary else None))).tags
    [script] = found.contents
    assert json.loads(script) == json.loads(json.dumps(linked(course)))
    assert "<" not in to_script(linked(course))


def test_the_page_says_what_a_person_wants_to_know():
    found = page(WHOLE)

    assert '<html lang="id">' in found
    assert found.count("<h1") == 1
    assert f'<link rel="canonical" href="{URL}">' in found
    for said in ("Rp350.000", "Gratis", "USD 19.99", "Harga belum diketahui", "Kota Bekasi"):
        assert said in found
    assert "2 Mei 2020 pukul 09.00 WIB" in found
    assert "4,5 dari 5 (12 penilai)" in found
    assert "Data dibaca" in found
    assert not re.search(r"<(img|iframe|object|link rel=\"stylesheet\")", found)


def test_what_a_closed_partner_lists_is_shown_as_closed_and_not_announced():
    told, found = linked(WHOLE, closed={SISNAKER}), page(WHOLE, closed={SISNAKER})

    offers = {each["seller"]["name"]: each.get("availability") for each in told["offers"]}
    assert offers["Sisnaker"] == "https://schema.org/OutOfStock"
    assert "https://schema.org/OutOfStock" not in {**offers, "Sisnaker": None}.values()
    open_ones = [each for each in WHOLE.offerings if each.partner != SISNAKER]
    assert (
        told["hasCourseInstance"]
        == linked(a_course(duration_minutes=90, offerings=open_ones))["hasCourseInstance"]
    )
    assert found.count("Pendaftaran sedang ditutup") == 1
    assert "Pendaftaran sedang ditutup" not in page(WHOLE)


@pytest.mark.parametrize(
    ("seats", "said"),
    [(0, "SoldOut"), (2, "LimitedAvailability"), (20, "InStock"), (None, None)],
)
def test_an_offer_says_whether_there_is_a_place_if_that_is_known(seats, said):
    session = a_session("s", starts_at=NOW + DAY, seats_left=seats)
    course = a_course(
        offerings=(an_offering("a", delivery_mode=DeliveryMode.ONSITE, sessions=(session,)),)
    )

    [offer] = linked(course)["offers"]

    assert offer.get("availability") == (said and f"https://schema.org/{said}")
    assert ("Penuh" in page(course)) is (seats == 0)


def test_a_text_in_another_language_says_so():
    assert '<h1 lang="en">' in page(a_course(languages=("en", "id")))


@pytest.mark.parametrize("found", [to_gone_page(WHOLE), to_missing_page()])
def test_what_is_not_there_is_not_indexed(found):
    assert '<meta name="robots" content="noindex">' in found
    assert "ld+json" not in found


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", HTML),
        ("*/*", HTML),
        ("text/html,application/xhtml+xml,*/*;q=0.8", HTML),
        ("application/ld+json", LINKED_DATA),
        ("text/html;q=0.5, application/ld+json", LINKED_DATA),
        ("text/html, application/ld+json;q=0.9", HTML),
        ("application/ld+json;q=x", HTML),
    ],
)
def test_a_client_gets_what_it_wants_more(accept, expected):
    assert to_media_type(accept) == expected
