"""How well courses and institutions are recognised, against the sandbox's ground truth."""

from collections import Counter
from collections.abc import Hashable, Iterable
from math import comb
from typing import NamedTuple

import pytest

from adapters.sandbox.generator import generate
from gateway.catalogue.records import from_payload
from gateway.storage.catalogue_tables import course, institution, offering
from schema.model.values import derived_id
from tests.catalogue import ScriptedPartner, a_partner, an_offering
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio

SEEDS = (2020, 7, 99)


class Quality(NamedTuple):
    """Of the pairs that were joined, how many are right; of the right ones, how many joined."""

    precision: float
    recall: float


class Truth(NamedTuple):
    course: int
    institution: str


def quality(groups: Iterable[tuple[Hashable, Hashable]]) -> Quality:
    """Judge a grouping: for each thing the group found, and the group that it is in truth."""
    both = list(groups)
    right = pairs(Counter(both))
    found, true = pairs(Counter(f for f, _ in both)), pairs(Counter(t for _, t in both))
    return Quality(right / found, right / true)


def pairs(sizes: Counter[Hashable]) -> int:
    return sum(comb(size, 2) for size in sizes.values())


async def load(bench: Workbench, seed: int, *, noise: bool) -> dict[str, Truth]:
    """Sync every shelf of the sandbox, and return what each offering is in truth."""
    clean = {
        (code, row.key): row.institution for code, rows in generate(seed).items() for row in rows
    }
    truth = {}
    for code, rows in generate(seed, noise=noise).items():
        listed = [an_offering(r.key, r.title, r.institution, partner=code) for r in rows]
        done = await bench.sync(ScriptedPartner(listed), a_partner(code))
        assert done.failure is None
        truth |= {
            derived_id(code, "offering", row.key): Truth(row.course, clean[code, row.key])
            for row in rows
        }
    return truth


@pytest.mark.parametrize("seed", SEEDS)
async def test_noise_is_seen_through(bench: Workbench, seed: int):
    truth = await load(bench, seed, noise=True)

    institution_of = {row["id"]: row["institution_id"] for row in await bench.rows(course)}
    rows = await bench.rows(offering)
    courses = quality((row["course_id"], truth[row["id"]].course) for row in rows)
    # of institutions, the spellings are judged, not the offerings
    spelled = {
        from_payload(row["payload"]).listed.institution: (
            institution_of[row["course_id"]],
            truth[row["id"]].institution,
        )
        for row in rows
    }
    institutions = quality(spelled.values())

    print(f"\nseed {seed}: courses {courses}, institutions {institutions}")  # noqa: T201 - the figures
    for found in (courses, institutions):
        assert found.precision >= 0.99
        assert found.recall >= 0.90


async def test_without_noise_nothing_is_joined_that_differs(bench: Workbench):
    await load(bench, 2020, noise=False)

    archived = 3
    assert await bench.count(course) == 1_500 + archived
    assert await bench.count(institution) == 192
