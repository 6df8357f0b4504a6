"""Rows written to files: what cannot be done is said, and nothing runs in a spreadsheet."""

import importlib
from datetime import UTC, date, datetime

import pytest

from gateway.reports import files
from gateway.reports.columns import Column, Kind
from gateway.reports.files import (
    CannotWriteError,
    FileFormat,
    opened,
    to_cell,
    to_typed,
    write_rows,
)

COLUMNS = [Column("name"), Column("amount", Kind.NUMBER)]


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(files, "import_module", missing)

    with (
        pytest.raises(CannotWriteError, match=r"make setup-parquet"),
        opened(FileFormat.PARQUET, tmp_path / "x.parquet", COLUMNS),
    ):
        pass

    assert list(tmp_path.iterdir()) == []
    assert files.import_module is not importlib.import_module


def test_parquet_is_not_written_to_a_terminal():
    with (
        pytest.raises(CannotWriteError, match="--out"),
        opened(FileFormat.PARQUET, None, COLUMNS),
    ):
        pass


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("BLK Makassar", "BLK Makassar"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+62", "'+62"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        (-5, -5),
        (None, None),
        (datetime(2020, 4, 11, 9, tzinfo=UTC), "2020-04-11T09:00:00+00:00"),
    ],
)
def test_text_never_begins_like_a_formula(value, cell):
    assert to_cell(value) == cell


def test_a_day_in_text_becomes_a_day():
    assert to_typed("2020-04-11", Kind.DAY) == date(2020, 4, 11)
    assert to_typed(None, Kind.DAY) is None


def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path):
    out = tmp_path / "report.csv"
    out.write_text("old")
    seen = []

    with opened(FileFormat.CSV, out, COLUMNS) as sink:
        written = write_rows(sink, [("a", 1), ("b", 2)], lambda _: seen.append(out.read_text()))

    assert (written, seen) == (2, ["old"])
    assert out.read_text() == "name,amount\na,1\nb,2\n"
