"""A process that starts asks the disk for the stored catalogue at once, and for no more."""

import os
from pathlib import Path

import pytest

from gateway.read_ahead import read_ahead
from gateway.settings import Settings

MEGABYTE = 1 << 20


@pytest.fixture
def asked(monkeypatch) -> list[tuple[str, int, int]]:
    """Which parts of which files are asked for."""
    found = []

    def ask(file: int, begin: int, length: int, advice: int) -> None:
        assert advice == os.POSIX_FADV_WILLNEED
        found.append((Path(f"/proc/self/fd/{file}").readlink().name, begin, length))

    monkeypatch.setattr(os, "posix_fadvise", ask)
    return found


@pytest.fixture
def stored(tmp_path):
    (tmp_path / "catalogue.sqlite3").write_bytes(bytes(MEGABYTE + 1))
    (tmp_path / "ledger.sqlite3").write_bytes(b"never read as a whole")
    (tmp_path / "search-index" / "kept-1").mkdir(parents=True)
    (tmp_path / "search-index" / "kept-1" / "postings.slots").write_bytes(b"1")
    return tmp_path


def test_the_catalogue_is_asked_for_in_order_and_then_its_index(stored, asked):
    read_ahead(Settings(data_dir=stored)).join()

    assert asked == [
        ("catalogue.sqlite3", 0, MEGABYTE),
        ("catalogue.sqlite3", MEGABYTE, MEGABYTE),
        ("postings.slots", 0, MEGABYTE),
    ]


def test_a_database_that_is_a_server_has_no_file_here(stored, asked):
    read_ahead(Settings(data_dir=stored, database_url="postgresql://db.test/mitra")).join()

    assert [name for name, *_ in asked] == ["postings.slots"]


def test_no_more_is_asked_for_than_a_part_of_the_memory(stored, asked, monkeypatch):
    monkeypatch.setattr(os, "sysconf", lambda name: 2 if name == "SC_PHYS_PAGES" else MEGABYTE)

    read_ahead(Settings(data_dir=stored)).join()

    assert asked == [("catalogue.sqlite3", 0, MEGABYTE)]


def test_where_nothing_is_stored_nothing_is_asked_for(tmp_path, asked):
    read_ahead(Settings(data_dir=tmp_path)).join()

    assert asked == []
