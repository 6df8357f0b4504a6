"""The bytes of a feed become rows; what cannot be read costs as little as possible."""

import pytest

from adapters.errors import PartnerContractError
from adapters.feed.formats import BadRow, build_format
from adapters.feed.options import Options


def rows(body: str | bytes, **options) -> list:
    read = build_format(Options("options", options), "toko", {"title": ("judul", "nama")})
    return list(read(body if isinstance(body, bytes) else body.encode()))


def test_csv_is_read_with_its_delimiter_quotes_and_byte_order_mark():
    body = b'\xef\xbb\xbfid; judul \r\n1;"Roti; ""Kue"""\r\n\r\n2;"dua\nbaris"\r\n'

    assert rows(body, format="csv", delimiter=";") == [
        {"id": "1", "judul": 'Roti; "Kue"'},
        {"id": "2", "judul": "dua\nbaris"},
    ]


def test_csv_without_a_header_gets_its_columns_from_the_options():
    assert rows("1,Barista\n", format="csv", columns=["id", "judul"]) == [
        {"id": "1", "judul": "Barista"}
    ]


def test_csv_in_another_encoding_is_read_when_the_options_name_it():
    body = "id,judul\n1,Kopi – dasar\n".encode("cp1252")  # noqa: RUF001  the dash is the point

    assert rows(body, format="csv", encoding="cp1252")[0]["judul"] == "Kopi – dasar"  # noqa: RUF001


def test_a_csv_row_that_is_cut_or_miscoded_costs_only_itself():
    body = b"id,judul\n1\n2,Barista\n3,Caf\xe9\n4,a,b\n"

    cut, good, miscoded, long = rows(body, format="csv")

    assert cut == BadRow("has 1 cells where the header has 2", '["1"]')
    assert good == {"id": "2", "judul": "Barista"}
    assert "encoding" in miscoded.reason
    assert "\\udce9" in miscoded.raw
    assert "3 cells" in long.reason


@pytest.mark.parametrize("length", [10, 200_000])
def test_a_csv_quote_that_is_never_closed_costs_only_its_line(length):
    body = f'id,judul\n1,"{"x" * length}\n2,Barista\n3,Bunga\n'

    endless, *good = rows(body, format="csv")

    assert isinstance(endless, BadRow)
    assert good == [{"id": "2", "judul": "Barista"}, {"id": "3", "judul": "Bunga"}]


def test_json_is_read_at_a_dotted_path():
    assert rows('{"data": {"items": [{"id": 1}, 7]}}', format="json", at="data.items") == [
        {"id": 1},
        BadRow("is not a JSON object", "7"),
    ]


def test_json_lines_skip_blanks_and_keep_what_follows_a_bad_line():
    good, cut, number, last = rows('{"id": 1}\n\n  \n{"id": \n8\n{"id": 2}', format="jsonl")

    assert (good, last) == ({"id": 1}, {"id": 2})
    assert cut == BadRow("is not JSON", '{"id": ')
    assert number == BadRow("is not a JSON object", "8")


def test_xml_becomes_nested_values_without_namespaces():
    body = """<a:daftar xmlns:a="urn:a"><a:kelas a:kode="1">
        <a:judul bahasa="id">Barista</a:judul><a:tanda>x</a:tanda><a:tanda>y</a:tanda>
        <a:lembaga><a:nama>LKP</a:nama></a:lembaga><a:kosong/>
    </a:kelas><a:kelas>Bunga</a:kelas><a:lain/></a:daftar>"""

    assert rows(body, format="xml", at="daftar/kelas") == [
        {
            "@kode": "1",
            "judul": {"@bahasa": "id", "#text": "Barista"},
            "tanda": ["x", "y"],
            "lembaga": {"nama": "LKP"},
            "kosong": "",
        },
        {"#text": "Bunga"},
    ]


def test_xml_that_nests_without_end_is_a_bad_row():
    body = f"<daftar><kelas>{'<a>' * 500}{'</a>' * 500}</kelas><kelas/></daftar>"

    deep, good = rows(body, format="xml", at="daftar/kelas")

    assert "deeper" in deep.reason
    assert good == {"#text": ""}


LAUGHS = '<!DOCTYPE a [<!ENTITY b "ha">]><daftar><kelas>&b;</kelas></daftar>'


@pytest.mark.parametrize(
    ("options", "body"),
    [
        pytest.param({"format": "csv"}, "", id="csv-empty"),
        pytest.param({"format": "csv"}, 'id,"judul', id="csv-header-cut"),
        pytest.param({"format": "csv"}, "<html>Back soon</html>", id="csv-html"),
        pytest.param({"format": "csv"}, "id,title\n1,x\n", id="csv-renamed-column"),
        pytest.param({"format": "json"}, "<html>", id="json-html"),
        pytest.param({"format": "json"}, b'[{"a": "\xe9"}]', id="json-miscoded"),
        pytest.param({"format": "json"}, "[" * 5_000, id="json-deep"),
        pytest.param({"format": "json", "at": "data"}, "[]", id="json-without-path"),
        pytest.param({"format": "jsonl"}, " \n\n", id="jsonl-blank"),
        pytest.param({"format": "xml", "at": "daftar/kelas"}, "<html/>", id="xml-other-root"),
        pytest.param({"format": "xml", "at": "daftar/kelas"}, "<daftar>", id="xml-cut"),
        pytest.param({"format": "xml", "at": "daftar/kelas"}, LAUGHS, id="xml-entities"),
        pytest.param({"format": "xml", "at": "daftar/kelas"}, b"\x00\xff", id="xml-bytes"),
    ],
)
def test_what_is_no_feed_breaks_the_contract(options, body):
    with pytest.raises(PartnerContractError):
        rows(body, **options)


def test_a_renamed_column_is_told():
    with pytest.raises(PartnerContractError, match="no column judul or nama, which tells title"):
        rows("id,title\n1,x\n", format="csv")
