"""The whole programme's catalogue comes in, and is read, fast enough to be watched."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.catalogue.follower import CatalogueFollower
from schema.model.catalogue import Category
from schema.model.values import CourseLevel, PartnerCode
from schema.ports import CourseFilter, CourseQuery, Window
from tests.catalogue import NOON, ScriptedPartner, a_partner, an_offering
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio

PAGE = 100
PARTNERS = [PartnerCode(f"partner_{n}") for n in range(10)]
SUMMARY = "Belajar menyeduh dan menyajikan kopi bersama pelatih berpengalaman. " * 3


def a_list(partner: PartnerCode) -> list:
    """Return 190 offerings; every tenth is sold by all partners."""
    return [
        replace(
            an_offering(
                f"{partner}-{n}",
                f"Kursus Barista {n}" if n % 10 == 0 else f"Kursus {partner} {n}",
                f"LKP {n % 20}",
                category=Category(f"bidang-{n % 12}", f"Bidang {n % 12}"),
                summary=SUMMARY,
                price=n * 5_000,
            ),
            partner=partner,
        )
        for n in range(190)
    ]


async def test_ten_partners_come_in_within_seconds_and_are_searched_within_milliseconds(
    bench: Workbench,
):
    configs = [a_partner(code) for code in PARTNERS]
    lists = [ScriptedPartner(*pages_of(a_list(code))) for code in PARTNERS]
    follower = CatalogueFollower(bench.store, configs, bench.clock)

    began = time.monotonic()
    await asyncio.gather(*(bench.sync(p, c) for p, c in zip(lists, configs, strict=True)))
    synced = time.monotonic()
    await follower.refresh()
    followed = time.monotonic()
    reader = follower.reader(NOON)
    query = CourseQuery(
        search="kursus barista", filter=CourseFilter(levels=(CourseLevel.UNKNOWN,), price_max=10**6)
    )
    asked = seconds(lambda: (reader.courses(query, Window(first=20)), reader.facets(query)))

    assert reader.courses(CourseQuery(), Window(first=1)).total == 1_710 + 19
    assert synced - began < 10  # 1 s on an idle machine; a test machine is not idle
    assert followed - synced < 5
    assert asked < 0.5


async def test_time_grows_with_the_list_not_with_its_square(bench: Workbench):
    found = [an_offering(str(n), f"Kursus {n}", f"LKP {n % 500}") for n in range(6_000)]

    began = time.monotonic()
    done = await bench.sync(ScriptedPartner(*pages_of(found)))

    assert done.added == 6_000
    assert time.monotonic() - began < 15  # 2 s on an idle machine; its square took 20


def pages_of(found: list) -> list[list]:
    return [found[n : n + PAGE] for n in range(0, len(found), PAGE)]


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began
