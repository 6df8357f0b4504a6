"""What people type finds what they mean, in the sandbox's catalogue of 1,500 courses."""

import math
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.sandbox.generator import generate
from adapters.sandbox.world import SandboxOffering
from gateway.catalogue.drafts import institution_id
from gateway.catalogue.entries import Entry, to_entry
from gateway.catalogue.reader import SnapshotReader
from gateway.catalogue.snapshot import Snapshot
from gateway.catalogue.stored import StoredCourse, StoredOffering
from schema.model.catalogue import Category, Course, Institution, ListedCourse, Offering
from schema.model.values import CourseId, Money, PartnerCode, RemoteId, folded
from schema.ports import CourseQuery, Window
from tests.catalogue import NOON

FLOOR = 0.93  # of the mean nDCG@10
TOP = 5


class Judged(NamedTuple):
    """A search, and patterns of the courses that it means fully and partly."""

    text: str
    best: str
    good: str

    def grade(self, course: Course) -> int:
        told = f"{course.title} @ {course.institution.name}"
        if re.search(self.best, told):
            return 3
        return 1 if re.search(self.good, told) else 0


QUERIES = [
    Judged(**each)
    for each in tomllib.loads(Path(__file__).with_name("judged.toml").read_text())["query"]
]


@pytest.fixture(scope="module")
def reader() -> SnapshotReader:
    rows: dict[int, list[tuple[PartnerCode, SandboxOffering]]] = {}
    for partner, shelf in generate().items():
        for row in shelf:
            if not row.archived:
                rows.setdefault(row.course, []).append((partner, row))
    assert len(rows) == 1_500
    return SnapshotReader(Snapshot(1, (an_entry(n, sold) for n, sold in rows.items())), NOON)


def an_entry(number: int, sold: Sequence[tuple[PartnerCode, SandboxOffering]]) -> Entry:
    name = sold[0][1].institution
    institution = Institution(institution_id(name), name)
    offerings = tuple(
        StoredOffering(to_offering(partner, row), withdrawn=False) for partner, row in sold
    )
    course_id = CourseId(f"course-{number:04}")
    return to_entry(StoredCourse(course_id, institution.id, NOON, offerings), institution)


def to_offering(partner: PartnerCode, row: SandboxOffering) -> Offering:
    return Offering(
        partner=partner,
        key=RemoteId(row.key),
        listed=ListedCourse(
            title=row.title,
            institution=row.institution,
            summary=row.summary,
            category=Category(folded(row.category), row.category),
            rating=row.rating,
            rating_count=row.rating_count,
        ),
        price=Money(row.price),
    )


def answers(reader: SnapshotReader, text: str, first: int = 10) -> Sequence[Course]:
    return reader.courses(CourseQuery(search=text), Window(first=first)).nodes


def every_course(reader: SnapshotReader) -> list[Course]:
    return [entry.course for entry in reader._snapshot.entries if entry is not None]


def gain(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(grades[:10]))


def test_there_are_enough_queries_and_each_means_something(reader: SnapshotReader):
    assert len({judged.text for judged in QUERIES}) == len(QUERIES) >= 60
    for judged in QUERIES:
        assert any(judged.grade(course) == 3 for course in every_course(reader)), judged.text


@pytest.mark.parametrize("judged", QUERIES, ids=lambda judged: judged.text.replace(" ", "-"))
def test_what_is_meant_comes_in_the_top_five(reader: SnapshotReader, judged: Judged):
    best = sum(judged.grade(course) == 3 for course in every_course(reader))

    shown = answers(reader, judged.text, TOP)

    grades = [judged.grade(course) for course in shown]
    assert grades.count(3) == min(TOP, best), [course.title for course in shown]


def test_the_mean_ndcg_at_ten(reader: SnapshotReader, capsys: pytest.CaptureFixture[str]):
    courses = every_course(reader)
    scores = {}
    for judged in QUERIES:
        ideal = sorted((judged.grade(course) for course in courses), reverse=True)
        found = [judged.grade(course) for course in answers(reader, judged.text)]
        scores[judged.text] = gain(found) / gain(ideal)
    mean = sum(scores.values()) / len(scores)

    with capsys.disabled():
        worst = sorted(scores, key=scores.__getitem__)[:5]
        least = ", ".join(f"{text!r} {scores[text]:.2f}" for text in worst)
        print(f"\nnDCG@10 over {len(scores)} judged searches: {mean:.3f} (least: {least})")  # noqa: T201
    assert mean >= FLOOR
