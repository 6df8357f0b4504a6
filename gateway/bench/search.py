"""How fast the read model answers, and how much memory it takes: `python -m gateway.bench.search`.

The catalogue is the sandbox's, multiplied: every course gets a class number, an institution of
its own hundred, and texts that are no other's.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from adapters.sandbox.generator import generate
from adapters.sandbox.world import SandboxOffering
from gateway.catalogue.drafts import institution_id
from gateway.catalogue.entries import Entry, to_entry
from gateway.catalogue.reader import SnapshotReader
from gateway.catalogue.snapshot import Snapshot
from gateway.catalogue.stored import StoredCourse, StoredOffering
from gateway.catalogue.words import OPTIONAL, words
from schema.model.catalogue import Category, Institution, ListedCourse, Offering, Session, Venue
from schema.model.values import (
    CourseId,
    CourseLevel,
    DeliveryMode,
    Money,
    PartnerCode,
    RemoteId,
    derived_id,
    folded,
)
from schema.ports import CourseFilter, CourseQuery, CourseSort, Window

NOW = datetime(2020, 4, 11, 5, tzinfo=UTC)
QUESTIONS = 400
COURSES_OF_AN_INSTITUTION = 100
CHANGED = 100  # courses of a small revision


def catalogue_of(courses: int) -> tuple[Snapshot, Sequence[PartnerCode]]:
    """Return a catalogue of so many courses, ready to be asked, and who sells them."""
    templates = _templates()
    snapshot = Snapshot(1, (_entry(templates, n) for n in range(courses)))
    snapshot.index.prepare()
    return snapshot, sorted({code for code, _ in templates})


def questions() -> list[CourseQuery]:
    """Return searches for two words of a title, the same every time."""
    return _questions(_templates())


def _templates() -> list[tuple[PartnerCode, SandboxOffering]]:
    return [(code, row) for code, shelf in generate().items() for row in shelf]


def measure_search(courses: int) -> dict[str, Any]:
    """Return what answering from a catalogue of so many courses takes, in milliseconds and MB."""
    templates = _templates()
    empty = _resident()
    began = time.perf_counter()
    snapshot = Snapshot(1, (_entry(templates, n) for n in range(courses)))
    snapshot.index.prepare()
    reader = SnapshotReader(snapshot, NOW)
    reader.courses(CourseQuery(filter=CourseFilter(available_only=True)), Window(first=1))
    loaded = time.perf_counter() - began
    resident = _resident()
    asked = _questions(templates)
    began = time.perf_counter()
    later = snapshot.changed(2, [_entry(templates, n, "Baru") for n in range(CHANGED)])
    later.index.prepare()
    changed = time.perf_counter() - began
    return {
        "courses": courses,
        "load_seconds": round(loaded, 2),
        "change_of_100_courses_ms": round(changed * 1_000, 1),
        "resident_mb_empty": empty,
        "resident_mb_loaded": resident,
        "search_three_facets_ms": _timed(lambda q: _page(reader, q), asked),
        "the_same_again_ms": _timed(lambda q: _page(reader, q), asked),
        "facet_counts_ms": _timed(reader.facets, asked),
        "facet_counts_of_everything_ms": _timed(reader.facets, [CourseQuery()] * 10),
        "page_of_everything_ms": {
            sort: _timed(lambda q: _page(reader, q), [CourseQuery(sort=sort)] * 10)
            for sort in CourseSort
        },
        "available_only_ms": _timed(
            lambda q: _page(reader, q),
            [replace(q, filter=replace(q.filter, available_only=True)) for q in asked],
        ),
        "resident_mb_after": _resident(),
    }


def _page(reader: SnapshotReader, query: CourseQuery) -> object:
    return reader.courses(query, Window(first=20))


def _timed(
    ask: Callable[[CourseQuery], object], questions: Sequence[CourseQuery]
) -> dict[str, float]:
    """Return percentiles of the time that passed; `cpu_p95` is the processor's, without waiting."""
    passed, worked = [], []
    for question in questions:
        began, processor = time.perf_counter(), time.thread_time()
        ask(question)
        worked.append((time.thread_time() - processor) * 1_000)
        passed.append((time.perf_counter() - began) * 1_000)
    found = {f"p{at}": _percentile(passed, at) for at in (50, 95, 99)}
    return found | {"cpu_p95": _percentile(worked, 95)}


def _percentile(taken: Sequence[float], at: int) -> float:
    return round(sorted(taken)[len(taken) * at // 100], 3)


def _questions(templates: Sequence[tuple[PartnerCode, SandboxOffering]]) -> list[CourseQuery]:
    """Return searches for two words of a title, each with three of the course's own facets."""
    dice = Random(7)  # noqa: S311 - the same questions every time
    asked: list[CourseQuery] = []
    while len(asked) < QUESTIONS:
        code, row = dice.choice(templates)
        told = [word for word in words(row.title) if word not in OPTIONAL]
        chosen = CourseFilter(
            partners=(code, PartnerCode("tokopedia")),
            levels=(CourseLevel(row.level), CourseLevel.ALL),
            price_max=10_000_000,
        )
        if len(told) > 1:
            text = " ".join(dice.sample(told, 2))
            asked.append(CourseQuery(search=text, filter=chosen))
    return asked


def _entry(
    templates: Sequence[tuple[PartnerCode, SandboxOffering]], number: int, label: str = "Kelas"
) -> Entry:
    code, row = templates[number % len(templates)]
    name = f"{row.institution} {number // COURSES_OF_AN_INSTITUTION // len(templates) + 1}"
    institution = Institution(institution_id(name), name)
    key = RemoteId(f"{row.key}-{number}")
    title = f"{row.title} {label} {number // len(templates)}"
    offering = Offering(
        partner=code,
        key=key,
        listed=ListedCourse(
            title=title,
            institution=name,
            summary=f"{row.summary} {number}",
            category=Category(folded(row.category).replace(" ", "-"), row.category),
            level=CourseLevel(row.level),
            rating=row.rating,
            rating_count=row.rating_count,
            image_url=f"{row.image_url}?{number}",
        ),
        price=Money(row.price + number % 97 * 1_000),
        delivery_mode=DeliveryMode(row.delivery_mode),
        url=f"{row.url}-{number}",
        sessions=tuple(_sessions(code, key, row, number)),
    )
    course_id = CourseId(derived_id(code, "course", key))
    created = NOW - timedelta(minutes=number)
    stored = StoredCourse(course_id, institution.id, created, (StoredOffering(offering, False),))  # noqa: FBT003 - not withdrawn
    return to_entry(stored, institution)


def _sessions(
    code: PartnerCode, key: RemoteId, row: SandboxOffering, number: int
) -> Iterator[Session]:
    for each in range(len(row.sessions)):
        start = NOW + timedelta(hours=(number * 7 + each * 101) % 4_000 - 400)
        yield Session(
            partner=code,
            key=RemoteId(f"{key}-{each}"),
            starts_at=start,
            ends_at=start + timedelta(hours=8),
            venue=Venue(region_code=f"{number % 34 + 11}.{each + 71}", region_name="Kota"),
            capacity=30,
            seats_left=number % 30,
        )


def _resident() -> int:
    """Return the megabytes of memory that this process occupies."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:  # no Linux: the most that it has ever been
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1_024


if __name__ == "__main__":
    for size in sys.argv[1:] or ["1500", "100000"]:
        sys.stdout.write(json.dumps(measure_search(int(size)), indent=2) + "\n")
