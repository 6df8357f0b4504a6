"""A kept search index is a short cut and nothing else: the answers are those of one built anew."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import structlog

from gateway.catalogue import postings
from gateway.catalogue import shelf as shelf_module
from gateway.catalogue.entries import Entry
from gateway.catalogue.reader import SnapshotReader
from gateway.catalogue.shelf import Shelf
from gateway.catalogue.snapshot import Snapshot
from gateway.catalogue.texts import Base
from gateway.catalogue.words import stem
from schema.ports import CourseQuery, CourseSort, Window
from tests.catalogue import an_offering
from tests.unit.catalogue.strategies import NOON, an_entry

WORDS = ("barista", "kopi", "desain", "grafis", "dasar", "mengelola keuangan")
COURSES = [
    an_entry(n, an_offering(str(n), f"{WORDS[n % 6]} {WORDS[n * n % 5]} {n}")) for n in range(100)
]
KINDS = [".idx", ".term", ".fast", ".slots", "meta.json", "contents.msgpack"]
SEARCHES = (None, "barista", "desain dasar", "kelola keuangan", "7", "kop", "barsta")


def told(snapshot: Snapshot) -> list[object]:
    """Return what a reader is told of a snapshot, whatever its courses' slots."""
    reader, answers = SnapshotReader(snapshot, NOON), list[object]()
    for search in SEARCHES:
        for sort in (CourseSort.RELEVANCE, CourseSort.TITLE, CourseSort.PRICE_ASC):
            query = CourseQuery(search=search, sort=sort)
            page = reader.courses(query, Window(first=100))
            answers.append((search, [course.id for course in page.nodes], reader.facets(query)))
    return answers


def loaded(entries: Sequence[Entry], folder: Path) -> tuple[Snapshot, list[str]]:
    """Load a catalogue beside `folder`; return it and what was logged."""
    with structlog.testing.capture_logs() as logs:
        snapshot = Snapshot(1, entries, shelf=Shelf(folder))
    return snapshot, [each["event"] for each in logs]


def kept(folder: Path) -> Path:
    [found] = folder.iterdir()
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which an index of `COURSES` is kept, with postings of five courses or more."""
    monkeypatch.setattr(postings, "LONG", 5)
    loaded(COURSES, tmp_path)
    return tmp_path


def test_an_index_that_is_opened_answers_as_one_built_anew(folder: Path):
    before = kept(folder)

    snapshot, logged = loaded(COURSES, folder)

    assert told(snapshot) == told(Snapshot(1, COURSES))
    assert (kept(folder), logged) == (before, [])


def test_what_has_changed_since_is_put_on_top(folder: Path):
    changed = [an_entry(7, an_offering("7", "kopi susu 7"))]
    standing = [
        *COURSES[:7],
        *changed,
        *COURSES[8:99],
        an_entry(199, an_offering("199", "kopi 99")),
    ]
    before = kept(folder)

    snapshot, _ = loaded(standing, folder)

    assert told(snapshot) == told(Snapshot(1, standing))
    assert kept(folder) == before
    later = [an_entry(7, an_offering("7", "grafis 7")), an_entry(3, an_offering("3", "kopi 3"))]
    anew = [each for each in standing if each.course.id not in ("course-7", "course-3")]
    assert told(snapshot.changed(2, later)) == told(Snapshot(2, [*anew, *later]))
    assert told(snapshot) == told(Snapshot(1, standing))  # an older revision stays as it was


def test_with_much_that_has_changed_all_is_indexed_and_kept_anew(folder: Path):
    before = kept(folder)
    standing = [an_entry(n, an_offering(str(n), f"baru {n}")) for n in range(100)]

    snapshot, _ = loaded(standing, folder)

    assert told(snapshot) == told(Snapshot(1, standing))
    assert kept(folder) != before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("harm", ["flip", "cut", "lose"])
def test_a_damaged_folder_costs_time_and_nothing_else(folder: Path, kind: str, harm: str):
    harmed = next(path for path in kept(folder).iterdir() if path.name.endswith(kind))
    data = bytearray(harmed.read_bytes())
    data[len(data) // 2] ^= 1
    harmed.write_bytes(data if harm == "flip" else data[: len(data) // 2])
    if harm == "lose":
        harmed.unlink()

    snapshot, logged = loaded(COURSES, folder)

    assert told(snapshot) == told(Snapshot(1, COURSES))
    assert logged == ["search.kept_index_unusable"]
    assert loaded(COURSES, folder)[1] == []  # it was replaced


def test_long_postings_are_not_read_again(folder: Path):
    """Each hit that the index gives is an object, and nobody else gets on while they are made."""
    opened = Shelf(folder).open()
    assert opened is not None
    kept = Base(None, opened.base.size, opened.base.known)  # type: ignore[arg-type]
    barista, kopi = holding(opened.base, "title", "barista"), holding(opened.base, "title", "kopi")

    assert kept.holding("title", [stem("barista")]).tolist() == barista
    assert kept.holding("title", [stem("barista"), stem("kopi")]).tolist() == sorted(
        {*barista, *kopi}
    )
    assert kept.holding("exact", ["barista"]).tolist() == barista


def holding(base: Base, field: str, word: str) -> list[int]:
    """Return where a word stands, read from the index."""
    return Base(base.searcher, base.size, {}).holding(field, [stem(word)]).tolist()


def test_an_index_that_other_code_made_is_not_opened(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shelf_module, "_maker", lambda: "other")

    assert loaded(COURSES, folder)[1] == ["search.kept_index_unusable"]


def test_an_index_whose_folder_goes_away_is_still_searched(folder: Path):
    snapshot, _ = loaded(COURSES, folder)

    shutil.rmtree(folder)

    assert told(snapshot) == told(Snapshot(1, COURSES))


def test_where_nothing_can_be_kept_the_index_is_in_memory(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")

    snapshot, logged = loaded(COURSES, blocked)

    assert told(snapshot) == told(Snapshot(1, COURSES))
    assert logged == ["search.index_not_kept"]


_BUILDS = """
import sys
from gateway.catalogue.documents import Document
from gateway.catalogue.shelf import Shelf
from pathlib import Path

def documents():
    for n in range(50):
        yield n, Document(f"kopi {n}")
    print("half", flush=True)
    sys.stdin.read()

Shelf(Path(sys.argv[1])).build(documents, [str(n) for n in range(100)])
"""


def test_who_is_killed_while_building_leaves_nothing_that_is_opened(tmp_path: Path):
    command = [sys.executable, "-c", _BUILDS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.kill()
    [left] = tmp_path.iterdir()

    snapshot, logged = loaded(COURSES, tmp_path)

    assert logged == []
    assert kinds_in(tmp_path) == {"building-", "kept-"}  # it might still be somebody's
    os.utime(left, (0, 0))
    again, _ = loaded(COURSES, tmp_path)
    assert kinds_in(tmp_path) == {"kept-"}
    assert told(again) == told(snapshot)


def test_who_is_killed_while_removing_an_older_index_leaves_the_newer(folder: Path):
    def killed(path: Path, **_: object) -> None:
        (path / "meta.json").unlink()
        raise KeyboardInterrupt

    changed = [an_entry(n, an_offering(str(n), f"baru {n}")) for n in range(100)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            loaded(changed, folder)

    snapshot, logged = loaded(changed, folder)

    assert (told(snapshot), logged) == (told(Snapshot(1, changed)), [])


def kinds_in(folder: Path) -> set[str]:
    """Return what kinds of folders there are."""
    return {path.name.partition("-")[0] + "-" for path in folder.iterdir()}


def test_a_folder_that_has_just_been_removed_is_passed_over(folder: Path):
    (folder / "kept-gone").symlink_to(folder / "nowhere")
    (folder / "building-gone").symlink_to(folder / "nowhere")

    snapshot, logged = loaded(COURSES, folder)

    assert (told(snapshot), logged) == (told(Snapshot(1, COURSES)), [])
