"""A list in a database of its own, and whether every row of it is accounted for."""

import os
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.base import Cursor, NotModified, Page, PartnerSettings, Validators
from adapters.registry import build_adapter
from gateway.catalogue.account import Account, read_account
from gateway.catalogue.drafts import to_draft_page
from gateway.catalogue.records import from_payload
from gateway.catalogue.rows import to_page_rows
from gateway.catalogue.sync import CatalogueSync
from gateway.commands.account import to_lines
from gateway.partners.config import PartnerConfig, load_partners
from gateway.storage.catalogue_tables import offering
from gateway.storage.engine import Database
from schema.model.catalogue import Offering
from schema.model.syncing import SyncProgress
from schema.model.values import PartnerCode
from tests.catalogue import NOON

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"

SAFE_TAGS = {"p", "br", "ul", "ol", "li", "b", "strong", "i", "em", "h3", "h4", "a"}


@dataclass
class Import:
    """A list in a database of its own: what came of it, and what was fetched for it."""

    progress: SyncProgress
    account: Account
    offerings: dict[str, Offering]
    pages: dict[str, Page] = field(default_factory=dict)  # by cursor; "" is the first

    def named(self, title: str) -> Offering:
        (found,) = (each for each in self.offerings.values() if each.listed.title == title)
        return found


def published(name: str) -> Path:
    """Return a list or folder of lists, where this machine has it."""
    folder = Path(os.environ.get("MITRA_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / name).exists():
        pytest.skip(f"the published list is not here: set MITRA_TEST_DATA to have {name}")
    return folder / name


async def bring_in(database: Database, example: str, lists: Path, beside: Path) -> Import:
    """Sync the documented partners file, with the lists saved beside it as it says."""
    return await bring_in_as(database, save(example, lists, beside))


async def bring_in_as(database: Database, config: PartnerConfig) -> Import:
    pages: dict[str, Page] = {}
    progress = await sync(database, config, pages)
    account = await database.read(lambda connection: read_account(connection, config.code))
    rows = await database.read(
        lambda c: c.execute(select(offering.c.key, offering.c.payload)).all()
    )
    sys.stdout.write("\n".join(["", *to_lines(config.code, account), ""]))
    return Import(progress, account, {key: from_payload(row) for key, row in rows}, pages)


def save(example: str, lists: Path, beside: Path) -> PartnerConfig:
    shutil.copy(EXAMPLES / f"{example}.toml", beside)
    (config,) = load_partners([beside / f"{example}.toml"])
    saved = Path(config.address.removeprefix("file:"))
    (shutil.copytree if lists.is_dir() else shutil.copy)(lists, saved)
    return config


async def sync(database: Database, config: PartnerConfig, pages: dict[str, Page]) -> SyncProgress:
    settings = PartnerSettings(config.code, config.address, options=config.options)
    adapter = build_adapter(config.adapter, settings)

    async def fetch(
        _code: PartnerCode, cursor: Cursor | None, known: Validators | None
    ) -> Page | NotModified:
        page = await adapter.fetch_page(cursor, known)
        if isinstance(page, Page):
            pages[cursor or ""] = page
        return page

    try:
        return await CatalogueSync(fetch, database, lambda: NOON).sync(config)
    finally:
        await adapter.aclose()


def assert_balances(found: Import, rows: int, inner: int = 0) -> None:
    """Check that `rows`, and `inner` bad ones in lists inside of them, are accounted for."""
    account = found.account
    assert found.progress.failure is None
    assert account.read == account.accounted_for == rows + inner
    kept_out = sum(map(len, account.by_rule.values()))
    kept = account.offerings + account.sessions + account.duplicates
    assert account.read == kept + kept_out + len(account.quarantined)
    assert all(row.reason for row in account.quarantined)
    assert len(found.offerings) == account.offerings
    for each in found.offerings.values():
        assert_safe(each)


def assert_safe(each: Offering) -> None:
    """Check that nothing in the texts of an offering can do harm on a page."""
    listed = each.listed
    html, summary = listed.description_html or "", listed.summary or ""
    venues = [s.venue.name for s in each.sessions if s.venue and s.venue.name]
    texts = [listed.title, listed.institution, html, summary, *venues]
    assert all(text.isprintable() for text in texts)  # no control, bidi, zero-width characters
    assert len(listed.title) <= 300
    assert len(summary) <= 1_000
    assert set(re.findall(r"<([a-z0-9]+)", html)) <= SAFE_TAGS
    assert not re.search(r"<[^>]*\b(?:style|class|on\w+)=", html)
    assert not re.search(r"</?[a-z]+>|&nbsp;", summary)


def assert_source_balances(found: Import, cursor: str, rows: int, inner: int = 0) -> None:
    partner = PartnerCode(next(iter(found.offerings.values())).partner)
    page = to_page_rows(partner, to_draft_page(partner, found.pages[cursor]))
    kept = len(page.offerings) + len(page.sessions) + page.duplicates
    assert kept + len(page.left_out) + len(page.rejections) == page.fetched == rows + inner
