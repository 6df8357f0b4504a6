"""A list that renames a field within days: held, and the field is named.

Between 17 and 23 May 2023 the programme's own list began to call `course_name`
`course_title`.  A hand-made pair with that quirk always runs, the published one where it
is found (see tests/integration/test_skillweek.py).
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.base import Cursor, NotModified, Page, PartnerSettings, Validators
from adapters.registry import build_adapter
from gateway.catalogue.decisions import HeldLists
from gateway.partners.config import load_partners
from gateway.storage.leases import Leases
from schema.model.syncing import SyncProgress
from schema.model.values import PartnerCode
from tests.integration.catalogue.conftest import Workbench

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs" / "examples" / "skillweek.toml"
HAND_MADE = ROOT / "tests" / "integration" / "skillweek"
DATA = Path(os.environ.get("MITRA_TEST_DATA", ROOT.parent / "shared" / "data"))
PUBLISHED = DATA / "prakerja_skillweek"
BOTH = '["course_title", "course_name"]'  # as the documented mapping has it, twice
RENAMED = "course_name seems to be called course_title now"

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Editions:
    """A list before and after the field was renamed."""

    before: Path
    after: Path
    rows: int


@pytest.fixture(params=["hand-made", "published"])
def editions(request: pytest.FixtureRequest) -> Editions:
    """Return a list before and after."""
    if request.param == "hand-made":
        names = ("drift_course_name", "drift_course_title")
        before, after = (HAND_MADE / f"{name}.json" for name in names)
        return Editions(before, after, rows=6)
    before = PUBLISHED / "course_2023-05-17_v0_course_name.json"
    after = PUBLISHED / "course_2023-05-23_v1_course_title.json"
    if not (before.is_file() and after.is_file()):
        pytest.skip(f"the published lists are not here: set MITRA_TEST_DATA to have {before.name}")
    return Editions(before, after, rows=16)


class Feed:
    """A feed partner over a file, read as a partners file says."""

    def __init__(self, folder: Path, partners: str, bench: Workbench) -> None:
        self._file = folder / "skillweek.json"
        (folder / "skillweek.toml").write_text(partners, encoding="utf-8")
        (self.config,) = load_partners([folder / "skillweek.toml"])
        self._bench = bench

    async def sync(self, edition: Path) -> SyncProgress:
        """Publish an edition and sync it."""
        shutil.copyfile(edition, self._file)
        settings = PartnerSettings(
            self.config.code, self.config.address, options=self.config.options
        )
        adapter = build_adapter(self.config.adapter, settings)

        async def fetch_page(
            code: PartnerCode, cursor: Cursor | None, known: Validators | None
        ) -> Page | NotModified:
            assert code == self.config.code
            return await adapter.fetch_page(cursor, known)

        try:
            return await self._bench.sync(fetch_page, self.config)
        finally:
            await adapter.aclose()


async def test_a_renamed_field_is_named_even_where_the_mapping_knows_both(
    bench: Workbench, editions: Editions, tmp_path: Path
):
    feed = Feed(tmp_path, EXAMPLE.read_text(encoding="utf-8"), bench)
    first = await feed.sync(editions.before)
    stood = await bench.live_titles()

    done = await feed.sync(editions.after)

    assert (first.added, first.withheld) == (editions.rows, None)
    assert done.withheld == f"lost a field: {RENAMED}"
    assert await bench.live_titles() == stood


async def test_a_renamed_field_that_the_mapping_needs_withdraws_nothing(
    bench: Workbench, editions: Editions, tmp_path: Path
):
    partners = EXAMPLE.read_text(encoding="utf-8")
    feed = Feed(tmp_path, partners.replace(BOTH, '"course_name"'), bench)
    await feed.sync(editions.before)
    stood = await bench.live_titles()

    done = await feed.sync(editions.after)

    assert done.failure is None
    assert done.quarantined == editions.rows
    assert RENAMED in (done.withheld or "")
    assert f"none of its {editions.rows} rows can be read" in (done.withheld or "")
    assert await bench.live_titles() == stood


async def test_a_renamed_field_comes_in_once_it_is_approved(
    bench: Workbench, editions: Editions, tmp_path: Path
):
    feed = Feed(tmp_path, EXAMPLE.read_text(encoding="utf-8"), bench)
    await feed.sync(editions.before)
    await feed.sync(editions.after)
    held_lists = HeldLists(bench.database, Leases(bench.database, bench.clock), bench.clock)
    [held] = await held_lists.read_held()

    await held_lists.approve(held.run, "rina")

    again = await feed.sync(editions.after)
    assert (again.withheld, again.failure) == (None, None)
    assert len(await bench.live_titles()) == editions.rows


async def test_a_mapping_that_follows_the_new_name_needs_no_approval(
    bench: Workbench, editions: Editions, tmp_path: Path
):
    partners = EXAMPLE.read_text(encoding="utf-8")
    await Feed(tmp_path, partners.replace(BOTH, '"course_name"'), bench).sync(editions.before)
    mended = Feed(tmp_path, partners.replace(BOTH, '"course_title"'), bench)

    done = await mended.sync(editions.after)

    assert (done.withheld, done.withdrawn) == (None, 0)
