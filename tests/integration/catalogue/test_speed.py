"""The whole programme's catalogue comes in, and is read, fast enough to be watched."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace

import pytest

from adapters.base import Page, Validators
from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.records import from_payload
from gateway.storage.catalogue_tables import offering, revision
from gateway.storage.sync_tables import sync_run
from schema.model.catalogue import Category, Session
from schema.model.syncing import SyncProgress
from schema.model.values import CourseLevel, PartnerCode, RemoteId
from schema.ports import CourseFilter, CourseQuery, Window
from tests.catalogue import NOON, TOKOPEDIA, ScriptedPartner, a_partner, an_offering
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


LONG = "<p>Materi pelatihan &amp; praktik: <b>menyeduh</b> dan <i>menyajikan</i> kopi.</p>" * 40


def a_long_list(count: int = 1_000) -> list:
    """Return offerings with descriptions of about 3 kB."""
    return [
        an_offering(str(n), f"Kursus {n}", f"LKP {n % 50}", description_html=f"{LONG}<p>{n}</p>")
        for n in range(count)
    ]


async def test_a_list_without_news_costs_a_part_of_a_new_one_and_writes_nothing(bench: Workbench):
    partner = ScriptedPartner(*pages_of(a_long_list()))
    full = await timed(bench.sync(partner))
    before = await bench.rows(revision)

    hashes = min([await timed(bench.sync(partner)) for _ in range(3)])  # the least disturbed
    partner.lists(*with_etag(partner))
    await bench.sync(partner)
    partner.modified = lambda known: known is None
    told = await timed(bench.sync(partner))

    assert hashes <= 0.7 * full  # 0.3 on an idle machine
    assert told <= 0.15 * full  # 0.01
    assert await bench.rows(revision) == before
    assert await bench.count(offering, offering.c.changed_run > 1) == 0
    assert await bench.count(sync_run, sync_run.c.outcome == "NOT_MODIFIED") == 1


async def test_a_change_of_one_row_in_a_hundred_writes_just_these(bench: Workbench):
    found = a_long_list()
    await bench.sync(ScriptedPartner(*pages_of(found)))
    for n in range(0, 1_000, 100):
        found[n] = replace(found[n], price=None)

    done = await bench.sync(ScriptedPartner(*pages_of(found)))

    assert (done.changed, done.unchanged) == (10, 990)
    assert await bench.count(offering, offering.c.changed_run == 2) == 10


async def test_a_session_that_came_apart_and_is_gone_leaves_an_unchanged_offering(
    bench: Workbench,
):
    """The raw offering is the same, but what stands has the sessions joined in."""
    sold = an_offering("1", "Barista Dasar")
    sessions = [(sold.key, Session(TOKOPEDIA, RemoteId(f"S-{n}"), starts_at=NOON)) for n in (1, 2)]
    await bench.sync(ScriptedPartner(Page((sold,), sessions=tuple(sessions))))

    await bench.sync(ScriptedPartner(Page((sold,), sessions=tuple(sessions[:1]))))
    left = await sessions_of(bench)
    await bench.sync(ScriptedPartner(Page((sold,))))

    assert left == ["S-1"]
    assert await sessions_of(bench) == []


async def sessions_of(bench: Workbench) -> list[str]:
    [row] = await bench.rows(offering)
    return [session.key for session in from_payload(row["payload"]).sessions]


def with_etag(partner: ScriptedPartner) -> list[Page]:
    """Return the partner's pages, the first with a validator."""
    first, *others = partner.pages.values()
    return [replace(first, validators=Validators(etag='"1"')), *others]


async def timed(sync: Coroutine[None, None, SyncProgress]) -> float:
    """Return the processor's time, which does not grow when others use the machine."""
    began = time.process_time()
    await sync
    return time.process_time() - began


def pages_of(found: list) -> list[list]:
    return [found[n : n + PAGE] for n in range(0, len(found), PAGE)]


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began
