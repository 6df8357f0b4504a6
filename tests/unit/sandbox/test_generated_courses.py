"""What the sandbox's courses say: texts that read well, prices that make sense."""

import re

import pytest

from schema.model.values import CourseLevel


def test_prices_are_whole_rupiah_in_the_programme_s_range(on_sale):
    prices = [row.price for _, row in on_sale]

    assert all(type(price) is int and 0 <= price <= 2_500_000 for price in prices)
    assert 20 < prices.count(0) < 100
    assert sum(150_000 <= price <= 1_000_000 for price in prices) > 0.7 * len(prices)


def test_a_list_price_is_above_the_price(on_sale):
    listed = [row for _, row in on_sale if row.list_price is not None]

    assert len(listed) > 200
    assert all(row.list_price > row.price for row in listed)


def test_several_partners_list_what_cannot_be_booked_free_or_not(on_sale):
    link_only = [(code, row) for code, row in on_sale if not row.bookable]

    assert len({code for code, _ in link_only}) >= 4
    assert any(row.price == 0 for _, row in link_only)
    assert any(row.price > 0 for _, row in link_only)


@pytest.mark.parametrize(
    "words", ["desain grafis", "barista", "bahasa jepang", "excel", "menjahit"]
)
def test_titles_hold_the_words_that_people_search_for(courses, words):
    found = [row for row in courses if re.search(rf"\b{words}\b", row.title.casefold())]

    assert len(found) >= 4


def test_titles_say_the_level_that_the_course_has(courses):
    def levels(*words: str) -> set[CourseLevel]:
        return {row.level for row in courses if any(word in row.title for word in words)}

    assert levels("Pemula", "Dasar-Dasar") == {CourseLevel.BEGINNER}
    assert levels("Tingkat Lanjut") == {CourseLevel.ADVANCED}


def test_titles_read_well(courses):
    for row in courses:
        words = row.title.split()
        assert row.title == " ".join(words), "surplus spaces"
        assert len(row.title) <= 120, row.title
        assert words.count("untuk") <= 1, row.title
        assert words.count("Barista") <= 1, row.title
        assert row.title.count(":") <= 1, row.title
        assert "Tingkat" not in row.title or row.title.count("Tingkat") == 1, row.title


def test_descriptions_follow_the_programme_s_template(courses):
    headings = (
        "Deskripsi Pelatihan", "Tujuan Umum", "Tujuan Khusus", "Pengetahuan (Knowledge)",
        "Keterampilan (Skill)", "Sikap (Attitude)", "Kelompok Sasaran", "Durasi Pelatihan",
        "Kapasitas", "Level", "Metode Pelatihan", "Jenis Sertifikat",
    )  # fmt: skip

    for row in courses:
        assert all(heading in row.description_html for heading in headings)
        assert 1_000 <= len(row.description_html) <= 3_000


def test_every_text_fits_the_code_page_of_the_csv_partner(on_sale):
    for _, row in on_sale:
        (row.title + row.institution + row.summary).encode("cp1252")
    assert any(not row.summary.isascii() for _, row in on_sale)
