"""A list that the programme really published comes in by a partners file alone.

The list itself is not ours to distribute: a hand-made one with the same quirks always
runs, the published one where it is found (`MITRA_TEST_DATA`, or `shared/data` beside
the checkout).
"""

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from adapters.base import NotModified, Page, PartnerSettings
from adapters.registry import build_adapter
from gateway.partners.config import load_partners
from schema.model.catalogue import Offering, UnknownTerm
from schema.model.values import DeliveryMode, EnrolmentMode, Money, folded

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "skillweek.toml"
HAND_MADE = Path(__file__).parent / "skillweek" / "skillweek.json"
PUBLISHED = "prakerja_skillweek/course_2023-05-31.json"

pytestmark = pytest.mark.anyio


@pytest.fixture
def published_list() -> Path:
    """The list of 31 May 2023, where this machine has it."""
    folder = Path(os.environ.get("MITRA_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / PUBLISHED).is_file():
        pytest.skip(f"the published list is not here: set MITRA_TEST_DATA to have {PUBLISHED}")
    return folder / PUBLISHED


async def read(published: Path, beside: Path) -> Page:
    """Read the list as the documented partners file says, with the list saved beside it."""
    shutil.copy(EXAMPLE, beside / "skillweek.toml")
    shutil.copy(published, beside / "skillweek.json")
    (config,) = load_partners([beside / "skillweek.toml"])
    settings = PartnerSettings(config.code, config.address, options=config.options)
    adapter = build_adapter(config.adapter, settings)
    try:
        page = await adapter.fetch_page()
        again = await adapter.fetch_page(None, page.validators)
    finally:
        await adapter.aclose()
    assert isinstance(again, NotModified)
    return page


def accounted_for(page: Page) -> int:
    return len(page.offerings) + len(page.left_out) + len(page.rejections)


def named(page: Page, title: str) -> Offering:
    (found,) = (offering for offering in page.offerings if offering.listed.title == title)
    return found


async def test_every_row_is_a_course_or_has_a_reason(tmp_path):
    page = await read(HAND_MADE, tmp_path)

    assert accounted_for(page) == len(json.loads(HAND_MADE.read_text())) == 16
    assert len(page.offerings) == 12
    assert [row.rule for row in page.left_out] == ["duplicate", "not_ok"]
    assert {row.row: row.reason for row in page.rejections} == {
        14: "price: 'Hubungi kami' is not a price",
        15: "key: lp_name is empty",
    }


@pytest.mark.parametrize(
    ("title", "price", "list_price"),
    [
        pytest.param("Menjadi Barista: Dasar Seduh Manual", 89_700, 299_000, id="70%"),
        pytest.param("membuat kue kering untuk usaha rumahan", 0, None, id="Gratis, 100%"),
        pytest.param("Jurnal Umum Perusahaan Dagang", 20_000, None, id="blank"),
        pytest.param("Buku Besar & Neraca Saldo", 0, None, id="GRATIS contradicts 0"),
        pytest.param("Ilustrasi Buku Anak : dari Naskah ke Gambar", 20_000, 800_000, id="97,5%"),
        pytest.param("Foto Produk dengan Ponsel", 200_000, None, id="66.6% is no whole rupiah"),
        pytest.param("Menulis Naskah Video Pendek", 1_250_000, 2_500_000, id="Rp 1250.000"),
        pytest.param("KODE untuk pemula", 400_000, None, id="0%"),
        pytest.param("Bahasa Korea untuk Pekerja", 150_000, None, id="a word nobody knows"),
        pytest.param("Bahasa Inggris Pemasaran Produk (Daring)", 1_000_000, None, id="no column"),
    ],
)
async def test_prices_and_discounts_are_understood_as_written(tmp_path, title, price, list_price):
    offering = named(await read(HAND_MADE, tmp_path), title)

    assert offering.price == Money(price)
    assert offering.list_price == (Money(list_price) if list_price else None)


async def test_what_is_not_understood_is_kept_and_counted(tmp_path):
    page = await read(HAND_MADE, tmp_path)

    unknown = named(page, "Bahasa Korea untuk Pekerja")
    assert unknown.delivery_mode is DeliveryMode.UNKNOWN
    assert set(unknown.unknown_terms) == {
        UnknownTerm("delivery_mode", "Online - Zoom"),
        UnknownTerm("discount", "separuh"),
    }


async def test_addresses_are_completed_or_left_out(tmp_path):
    page = await read(HAND_MADE, tmp_path)

    assert named(page, "Jurnal Umum Perusahaan Jasa").url == "https://www.akademi-pelita.example"
    assert named(page, "Bahasa Inggris Pemasaran Produk (Daring)").listed.image_url is None
    assert {offering.enrolment_mode for offering in page.offerings} == {EnrolmentMode.LINK}


async def test_the_published_list_comes_in_whole(published_list, tmp_path):
    rows = json.loads(published_list.read_text(encoding="utf-8"))

    page = await read(published_list, tmp_path)

    assert accounted_for(page) == len(rows) == 266
    assert len(page.offerings) == 266
    assert not [term for offering in page.offerings for term in offering.unknown_terms]
    assert Counter(offering.delivery_mode for offering in page.offerings) == {
        DeliveryMode.SELF_PACED: 245,
        DeliveryMode.LIVE_ONLINE: 21,
    }
    assert sum(offering.price == Money(0) for offering in page.offerings) == 69
    assert sum(offering.list_price is not None for offering in page.offerings) == 127


async def test_the_published_list_keeps_titles_and_institutions(published_list, tmp_path):
    rows = json.loads(published_list.read_text(encoding="utf-8"))

    page = await read(published_list, tmp_path)

    assert [(o.listed.institution, o.listed.title) for o in page.offerings] == [
        (row["lp_name"], " ".join(row["course_title"].split())) for row in rows
    ]
    assert len({folded(o.listed.institution) for o in page.offerings}) == 60


@pytest.mark.parametrize(
    "edition",
    [
        "course_2023-05-17_v0_course_name",
        "course_2023-05-23_v1_course_title",
        "course_2023-05-26_v2",
    ],
)
async def test_earlier_editions_come_in_with_the_same_file(published_list, tmp_path, edition):
    earlier = published_list.with_name(f"{edition}.json")

    page = await read(earlier, tmp_path)

    assert len(page.offerings) == len(json.loads(earlier.read_text(encoding="utf-8")))
