"""The rule book of recognition: which spellings are one name, which never are, and why."""

import pytest

from gateway.catalogue.identity.choosing import Spelling, choose
from gateway.catalogue.identity.names import blocks, to_institution, to_title
from gateway.catalogue.identity.scores import (
    AUTOMATIC,
    Likeness,
    compare_institutions,
    compare_titles,
)
from gateway.catalogue.identity.slips import SlipKind, find_slips


def institutions(left: str, right: str) -> Likeness | None:
    return compare_institutions(to_institution(left), to_institution(right))


def titles(left: str, right: str) -> Likeness | None:
    return compare_titles(to_title(left), to_title(right))


SAME_INSTITUTION = [
    ("LKP Putri", "LKP PUTRI", "case, accents and spaces"),
    ("LKP Putri", "lkp  putri", "case, accents and spaces"),
    ("LKP Café Ibu", "LKP Cafe Ibu", "case, accents and spaces"),
    ("LKP Al-Bayan", "LKP Al Bayan", "case and punctuation"),
    ("LKP Daun Hijau", "LKP DaunHijau", "spaces and punctuation"),
    ("LKP Putri", "L.K.P. Putri", "case and punctuation"),
    ("LKP Putri", "Lembaga Kursus dan Pelatihan Putri", "legal form spelled otherwise: lkp"),
    ("LKP Putri", "Lembaga Kursus & Pelatihan Putri", "legal form spelled otherwise: lkp"),
    ("LKP Putri", "Lembgaa Kursus dan Pelatihan Putri", "legal form spelled otherwise: lkp"),
    ("PT Maju Jaya", "Maju Jaya, PT", "case and punctuation"),
    ("PT Maju Jaya", "P.T. Maju Jaya", "case and punctuation"),
    ("PT Maju Jaya", "PT Maju Jaya Tbk", "case and punctuation"),
    ("PT Maju Jaya", "Perseroan Terbatas Maju Jaya", "legal form spelled otherwise: pt"),
    ("CV Rajut Asa", "CV. Rajut Asa", "case and punctuation"),
    ("BLK Kota Ambon", "UPTD BLK Kota Ambon", "legal form spelled otherwise: blk"),
    ("BLK Kota Ambon", "Balai Latihan Kerja Kota Ambon", "legal form spelled otherwise: blk"),
    ("BLK Kab. Bantul", "BLK Kabupaten Bantul", "abbreviation: kab"),
    ("Yayasan Insan Cita", "Yys. Insan Cita", "legal form spelled otherwise: yayasan"),
    ("PT Maju Jaya", "Maju Jaya", "legal form missing: pt"),
    ("LKP Pelita Ilmu", "Pelita Ilmu", "legal form missing: lkp"),
    ("LKP Komputer Mandiri", "LKP Kompuetr Mandiri", "two letters swapped: komputer, kompuetr"),
    ("LKP Komputer Mandiri", "LKP Kompter Mandiri", "a letter lost: komputer, kompter"),
    ("LKP Komputer Mandiri", "LKP Kommputer Mandiri", "a letter doubled: komputer, kommputer"),
]
OTHER_INSTITUTION = [
    ("LKP Putri", "LKP Putra"),
    ("LKP Putri", "LPK Putri"),
    ("LKP Putri", "Putri"),
    ("PT Maju Jaya", "CV Maju Jaya"),
    ("PT Maju Jaya", "Yayasan Maju Jaya"),
    ("BLK Kota Ambon", "Kota Ambon"),
    ("BLK Kota Bandung", "BLK Kabupaten Bandung"),
    ("BLK Kabupaten Bandung", "BLK Kabupaten Badung"),
    ("BLK Kota Medan", "BLK Kota Padang"),
    ("BLK Kota Malang", "BLK Kabupaten Malang"),
    ("LKP Bina Data", "LKP Bina Dana"),
    ("LKP Bina 1", "LKP Bina 2"),
    ("PT Pemimpin Muda Bangsa", "PT Pemimpin Muda Indonesia"),
]
SAME_TITLE = [
    ("Barista untuk Pemula", "BARISTA UNTUK PEMULA", "case, accents and spaces"),
    ("Barista untuk Pemula", "Barista utk Pemula", "abbreviation: utk"),
    ("Excel dengan Makro", "Excel dgn Makro", "abbreviation: dgn"),
    ("Lagu dan Cerita", "Lagu & Cerita", "abbreviation: &"),
    ("Barista Tingkat Lanjut", "Barista Tk. Lanjut", "abbreviation: tk"),
    ("Bahasa Inggris", "B. Inggris", "abbreviation: b"),
    ("Microsoft Excel", "MS Excel", "abbreviation: ms"),
    ("Manajemen Proyek", "Mgmt. Proyek", "abbreviation: mgmt"),
    ("DaVinci Resolve", "DaVinciResolve", "spaces and punctuation"),
    ("Sehari-hari", "Sehari hari", "case and punctuation"),
    ("Webinar: Yoga di Rumah", "Webinar - Yoga di Rumah", "case and punctuation"),
    ("Penyuntingan Video", "Penyuntinga Video", "a letter lost: penyuntingan, penyuntinga"),
    ("Barista untuk Pemula", "Barista utnuk Pemula", "two letters swapped: untuk, utnuk"),
    ("Mail Merge dan Makro", "Mail Merge dna Makro", "two letters swapped: dan, dna"),
]
OTHER_TITLE = [
    ("Barista Dasar", "Barista Lanjutan"),
    ("Barista Dasar", "Barista Mahir"),
    ("Barista Tingkat 1", "Barista Tingkat 2"),
    ("Bahasa Jepang N4", "Bahasa Jepang N5"),
    ("Brevet A", "Brevet B"),
    ("Brevet A", "Brevet AB"),
    ("Bahasa Inggris I", "Bahasa Inggris II"),
    ("Animasi 2D", "Animasi 3D"),
    ("Animasi 2D", "Animasi D"),
    ("Pemrograman C", "Pemrograman C++"),
    ("Pemrograman C#", "Pemrograman C++"),
    ("Pemrograman Java", "Pemrograman JavaScript"),
    ("Belajar Excel untuk Kerja", "Belajar Access untuk Kerja"),
    ("Tari Bali", "Tari Bima"),
    ("Menjahit untuk Putra", "Menjahit untuk Putri"),
    ("Menjahit untuk Siswa", "Menjahit untuk Siswi"),
    ("Kewirausahaan di Malang", "Kewirausahaan di Padang"),
    ("Kewirausahaan di Bandung", "Kewirausahaan di Badung"),
    ("Akuntansi untuk Akuntan", "Akuntansi untuk Bukan Akuntan"),
    ("Olahan Tahu", "Olahan Tahun"),
    ("Kelas Olahan Tahu untuk Usaha", "Kelas Olahan Tahun untuk Usaha"),
    ("Belajar Tari untuk Anak Sekolah", "Belajar Tarik untuk Anak Sekolah"),
    ("Perusahaan Jasa", "Perusahaan Dagang"),
    ("Persiapan TOEFL", "Persiapan TOEIC"),
    ("Guru TK Inklusif", "Guru SD Inklusif"),
]


@pytest.mark.parametrize(("left", "right", "rule"), SAME_INSTITUTION)
def test_spellings_of_one_institution_are_joined(left: str, right: str, rule: str):
    found = institutions(left, right)

    assert found is not None
    assert found.is_automatic
    assert rule in found.rules


@pytest.mark.parametrize(("left", "right"), OTHER_INSTITUTION)
def test_two_institutions_are_never_joined_by_themselves(left: str, right: str):
    found = institutions(left, right)

    assert found is None or found.score < AUTOMATIC


@pytest.mark.parametrize(("left", "right", "rule"), SAME_TITLE)
def test_spellings_of_one_course_are_joined(left: str, right: str, rule: str):
    found = titles(left, right)

    assert found is not None
    assert found.is_automatic
    assert rule in found.rules


@pytest.mark.parametrize(("left", "right"), OTHER_TITLE)
def test_two_courses_are_never_joined_by_themselves(left: str, right: str):
    found = titles(left, right)

    assert found is None or found.score < AUTOMATIC


@pytest.mark.parametrize(("left", "right", "_"), [*SAME_TITLE, *SAME_INSTITUTION])
def test_it_does_not_matter_which_comes_first(left: str, right: str, _: str):
    for compare in (titles, institutions):
        one, other = compare(left, right), compare(right, left)
        assert (one and one.score) == (other and other.score)


@pytest.mark.parametrize(
    ("left", "right"), [pair[:2] for pair in SAME_TITLE if len(pair[0].split()) > 1]
)
def test_one_course_shares_a_key(left: str, right: str):
    one, other = to_title(left), to_title(right)

    assert one.compact == other.compact or {*blocks("x", one)} & {*blocks("x", other)}


def test_the_same_name_needs_no_evidence():
    assert titles("Barista Dasar", "Barista Dasar") == Likeness(1.0)


def test_b_is_a_language_only_before_one():
    assert to_title("Vitamin B. Kompleks").compact == "vitaminbkompleks"
    assert to_title("B. Inggris").compact == "bahasainggris"


@pytest.mark.parametrize(
    ("left", "right", "kinds"),
    [
        ("batik", "batik", ()),
        ("batik", "batki", (SlipKind.SWAPPED,)),
        ("batik", "batk", (SlipKind.LOST,)),
        ("batik", "battik", (SlipKind.DOUBLED,)),
        ("batik", "batuk", (SlipKind.REPLACED,)),
        ("batik tulis", "abtik tuis", (SlipKind.SWAPPED, SlipKind.LOST)),
        ("batik", "sepatu", None),
    ],
)
def test_slips_are_named(left: str, right: str, kinds: tuple[SlipKind, ...] | None):
    found = find_slips(left, right)

    assert (found and tuple(slip.kind for slip in found)) == (kinds or found)
    assert (found is None) == (kinds is None)


def a_spelling(text: str, target: str = "", partner: str = "tokopedia") -> Spelling:
    return Spelling(text, target or text, to_institution(text), partner)


def test_of_two_as_alike_neither_is_chosen():
    known = [a_spelling("PT Maju Jaya"), a_spelling("CV Maju Jaya")]

    choice = choose(a_spelling("Maju Jaya"), known, compare_institutions)

    assert choice.of is None
    assert choice.target == "Maju Jaya"
    assert {each.key for each, _ in choice.unsure} == {"PT Maju Jaya", "CV Maju Jaya"}


def test_the_most_alike_is_chosen():
    known = [a_spelling("PT Maju Jaya"), a_spelling("Maju Jaya", target="other")]

    choice = choose(a_spelling("P.T. Maju Jaya"), known, compare_institutions)

    assert choice.target == "PT Maju Jaya"
    assert [each.key for each, _ in choice.unsure] == ["Maju Jaya"]
