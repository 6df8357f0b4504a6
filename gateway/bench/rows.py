"""A list of any length for benchmarks, in Skill Academy's wire format.  Pure and seeded.

It is made of the sandbox's 1,500 courses, so words repeat as they do in real lists; every
row has a description of about 3 kB, and one row in four has dated batches.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from adapters.sandbox.courses import DistinctCourse, make_courses
from adapters.sandbox.generator import DEMO_SEED
from adapters.sandbox.prose import to_wording
from adapters.sandbox.words import load_vocabulary

DESCRIPTION_LENGTH = 3_000
CHANGING = 100  # one row in so many changes with every edition

_TOWNS = (
    "Jakarta", "Surabaya", "Bandung", "Medan", "Semarang", "Makassar", "Palembang", "Denpasar",
    "Yogyakarta", "Malang", "Padang", "Manado", "Pontianak", "Samarinda", "Mataram", "Ambon",
)  # fmt: skip
_DELIVERIES = ("self_paced", "webinar", "classroom", "blended")
_LEVELS = ("Pemula", "Menengah", "Mahir", "Semua Tingkat")


@dataclass(frozen=True, slots=True)
class _Model:
    """What rows made of one of the sandbox's courses share."""

    title: str
    institution: str
    category: str
    summary: str
    description_html: str


def to_rows(numbers: range, edition: int) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of these numbers, as the list's `edition` (from 0) has them."""
    models = _models()
    for number in numbers:
        yield _to_row(number, models[number % len(models)], _last_change(number, edition))


def _last_change(number: int, edition: int) -> int:
    """Return the last edition that changed a row; 0 when none has."""
    back = (edition - number) % CHANGING
    return max(edition - back, 0)


def _to_row(number: int, model: _Model, changed: int) -> Mapping[str, Any]:
    round_, town = number // len(_models()), _TOWNS[number % len(_TOWNS)]
    return {
        "id": f"SA-{number:07}",
        "status": "active",
        "title": f"{model.title} Angkatan {round_}" if round_ else model.title,
        "provider": {"name": f"{model.institution} {town}" if round_ else model.institution},
        "summary": model.summary,
        "description_html": f"{model.description_html}<p>Kelas {number}, edisi {changed}.</p>",
        "category": {"name": model.category},
        "level": _LEVELS[number % len(_LEVELS)],
        "duration_minutes": 60 * (number % 40 + 1),
        "rating": {"average": number % 50 / 10, "count": number % 900},
        "image_url": f"https://gambar.test/{number}.jpg",
        "url": f"https://kelas.test/{number}",
        "price": str(50_000 + number % 400 * 2_500 + changed * 1_000),
        "list_price": None,
        "delivery": _DELIVERIES[number % len(_DELIVERIES)],
        "bookable": True,
        "batches": _to_batches(number, town),
    }


def _to_batches(number: int, town: str) -> Sequence[Mapping[str, Any]]:
    if number % len(_DELIVERIES) != 2:  # noqa: PLR2004  the place of "classroom"
        return ()
    return [
        {
            "id": f"SA-{number:07}-{month}",
            "timezone": "Asia/Jakarta",
            "starts_at": f"2027-{month:02}-{number % 28 + 1:02}T09:00:00+07:00",
            "ends_at": f"2027-{month:02}-{number % 28 + 1:02}T16:00:00+07:00",
            "registration_closes_at": None,
            "venue": {"name": f"Balai {town}", "region_code": "31.71", "region_name": town},
            "capacity": 30,
            "seats_left": number % 30,
        }
        for month in (3, 9)
    ]


@cache
def _models() -> Sequence[_Model]:
    return [_to_model(course) for course in make_courses(DEMO_SEED, load_vocabulary())]


def _to_model(course: DistinctCourse) -> _Model:
    wording = to_wording(DEMO_SEED, course)
    text = wording.description_html
    while len(text) < DESCRIPTION_LENGTH:
        lacking = DESCRIPTION_LENGTH - len(text)
        text += f"<p>{wording.summary}</p><ul><li>{wording.slug}</li></ul>"[: max(lacking, 80)]
    return _Model(course.title, course.school.name, course.topic.subject, wording.summary, text)
