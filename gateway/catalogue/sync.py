"""The page loop: one partner's list, page by page, into staging, then into the catalogue.

`CatalogueSync` owns the loop; `fetch_page` (the guarded call) retries and paces.  Whatever
goes wrong, the last good catalogue stays and the partner's status says why and since when.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Protocol

import structlog
from sqlalchemy import Connection

from adapters.base import Cursor, NotModified, Page, Validators
from adapters.errors import CursorExpiredError, PartnerContractError, PartnerError
from gateway.catalogue.apply import apply_run
from gateway.catalogue.approvals import note_approval_mode
from gateway.catalogue.difference import AlarmingDifferenceError
from gateway.catalogue.records import VERSION
from gateway.catalogue.rows import PageRows, to_page_rows
from gateway.catalogue.runs import Counts, OpenRun, end_unmodified, fail_run, open_run, restart_run
from gateway.catalogue.staging import Staged, stage_page
from gateway.partners.config import PartnerConfig
from gateway.storage.engine import Database
from gateway.telemetry import SYNC_ROWS, SYNC_RUNS
from schema.model.values import PartnerCode

MOST_PAGES = 10_000
MOST_CURSOR_CHARACTERS = 4_000

logger = structlog.get_logger()


class FetchPage(Protocol):
    """`gateway.partners.calls.PartnerCalls.fetch_page`: guarded, retried, paced."""

    async def __call__(
        self, code: PartnerCode, cursor: Cursor | None, known: Validators | None
    ) -> Page | NotModified:
        """Return a partner's page at `cursor`.  Raises `PartnerError`."""


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far a sync is; `failure` says why it ended without a new catalogue.

    `added` to `withdrawn` are estimates until `finished`.  `total` is what the partner said.
    """

    partner: PartnerCode
    fetched: int = 0
    total: int | None = None
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    quarantined: int = 0
    duplicates: int = 0
    left_out: int = 0
    finished: bool = False
    not_modified: bool = False
    failure: str | None = None


Report = Callable[[SyncProgress], None]


def report_to_nobody(_: SyncProgress) -> None:
    """Report to nobody."""


class CatalogueSync:
    """Brings one partner's catalogue up to date at a time; `now` is an aware clock.

    The caller sees to it that no two syncs of one partner run at once (`Leases`).
    """

    def __init__(
        self, fetch_page: FetchPage, database: Database, now: Callable[[], datetime]
    ) -> None:
        self._fetch_page = fetch_page
        self._database = database
        self._now = now

    async def sync(
        self,
        config: PartnerConfig,
        report: Report = report_to_nobody,
        *,
        accept_alarm: bool = False,
    ) -> SyncProgress:
        """Read the partner's whole list and apply it, resuming a killed run.

        A failure is recorded and returned, not raised; `accept_alarm` applies even a list
        that looks wrong.  When cancelled, the run stays open, to be resumed.
        """
        fingerprint, now = to_fingerprint(config), self._now()

        def begin(connection: Connection) -> OpenRun:
            note_approval_mode(connection, config)
            return open_run(connection, config.code, fingerprint, now)

        run = await self._database.write(begin)
        walk = _Walk(self._fetch_page, self._database, self._now, report)
        try:
            progress = await walk.finish(run, accept_alarm=accept_alarm)
        except (PartnerError, AlarmingDifferenceError) as exc:
            reason = exc.reason if isinstance(exc, PartnerError) else str(exc)
            progress = await self._fail(walk.run or run, reason)
        except Exception as exc:
            await self._fail(walk.run or run, f"internal error ({type(exc).__name__})")
            raise
        _count(progress)
        report(progress)
        return progress

    async def _fail(self, run: OpenRun, reason: str) -> SyncProgress:
        now = self._now()
        await self._database.write(lambda connection: fail_run(connection, run, reason, now))
        logger.warning("catalogue.sync_failed", partner=run.partner, reason=reason)
        return to_progress(run, finished=True, failure=reason)


class _Walk:
    """One run from its checkpoint to its end; `run` is where it stands."""

    def __init__(
        self,
        fetch_page: FetchPage,
        database: Database,
        now: Callable[[], datetime],
        report: Report,
    ) -> None:
        self._fetch_page = fetch_page
        self._database = database
        self._now = now
        self._report = report
        self.run: OpenRun | None = None

    async def finish(self, run: OpenRun, *, accept_alarm: bool) -> SyncProgress:
        """Walk the pages that are left and apply the list."""
        self.run = run
        loops = LoopGuard(run)
        while not run.walked:
            try:
                page = await self._fetch_page(run.partner, run.cursor, _known(run))
            except CursorExpiredError:
                if run.restarts:
                    raise
                self.run = run = await self._restart(run)
                loops = LoopGuard(run)
                continue
            if isinstance(page, NotModified):
                return await self._end_unmodified(run)
            rows = await asyncio.to_thread(to_page_rows, run.partner, page)
            loops.check_cursor(rows, run.cursor)
            staged = await self._stage(run, rows)
            loops.check_news(rows, has_news=staged.has_news)
            self.run = run = staged.run
            self._report(to_progress(run))
        return await self._apply(run, accept_alarm=accept_alarm)

    async def _restart(self, run: OpenRun) -> OpenRun:
        now = self._now()
        logger.info("catalogue.walk_restarted", partner=run.partner, pages=run.pages)
        return await self._database.write(lambda connection: restart_run(connection, run, now))

    async def _stage(self, run: OpenRun, rows: PageRows) -> Staged:
        now = self._now()
        return await self._database.write(lambda connection: stage_page(connection, run, rows, now))

    async def _end_unmodified(self, run: OpenRun) -> SyncProgress:
        if _known(run) is None:
            reason = "answered 'not modified' to a question that did not say what we know"
            raise PartnerContractError(run.partner, reason)
        now = self._now()
        await self._database.write(lambda connection: end_unmodified(connection, run, now))
        logger.info("catalogue.not_modified", partner=run.partner)
        return to_progress(run, finished=True, not_modified=True)

    async def _apply(self, run: OpenRun, *, accept_alarm: bool) -> SyncProgress:
        now = self._now()
        applied = await self._database.write(
            lambda connection: apply_run(connection, run, now, accept_alarm=accept_alarm)
        )
        logger.info(
            "catalogue.synced",
            partner=run.partner,
            revision=applied.revision,
            fetched=applied.counts.fetched,
            added=applied.counts.added,
            changed=applied.counts.changed,
            withdrawn=applied.counts.withdrawn,
            quarantined=applied.counts.quarantined,
        )
        return to_progress(run, applied.counts, finished=True)


class LoopGuard:
    """Notices a list that leads in a circle, and one that does not end."""

    def __init__(self, run: OpenRun) -> None:
        self._partner = run.partner
        self._cursors = {cursor for cursor, _ in run.visited}
        self._pages = {content_hash for _, content_hash in run.visited}
        self._count = run.pages

    def check_cursor(self, page: PageRows, cursor: Cursor | None) -> None:
        """Refuse a next cursor that has been followed before.  Raises `PartnerContractError`."""
        self._cursors.add(cursor)
        self._count += 1
        following = page.next_cursor
        if following is None:
            return
        if following in self._cursors:
            self._refuse(f"its pages lead in a circle: page {self._count} names an earlier cursor")
        if not following.isprintable() or len(following) > MOST_CURSOR_CHARACTERS:
            self._refuse(f"the cursor of page {self._count} is not printable, or endless")
        if self._count >= MOST_PAGES:
            self._refuse(f"its list does not end: {MOST_PAGES} pages and still more")

    def check_news(self, page: PageRows, *, has_news: bool) -> None:
        """Refuse a page that came before and brings nothing.  Raises `PartnerContractError`."""
        is_repeated = page.content_hash in self._pages
        self._pages.add(page.content_hash)
        if is_repeated and page.fetched and not has_news:
            self._refuse(f"its pages repeat: page {self._count} has come before")

    def _refuse(self, reason: str) -> None:
        raise PartnerContractError(self._partner, reason)


def to_fingerprint(config: PartnerConfig) -> str:
    """Return what stands for how a list is read: change it, and validators are void."""
    said = [VERSION, config.adapter, config.address, config.options]
    text = json.dumps(said, sort_keys=True, default=str)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def to_progress(
    run: OpenRun,
    counts: Counts | None = None,
    *,
    finished: bool = False,
    not_modified: bool = False,
    failure: str | None = None,
) -> SyncProgress:
    """Return how far a run is."""
    found = counts or run.counts
    return SyncProgress(
        partner=run.partner,
        fetched=found.fetched,
        total=run.total,
        added=found.added,
        changed=found.changed,
        unchanged=found.unchanged,
        withdrawn=found.withdrawn,
        quarantined=found.quarantined,
        duplicates=found.duplicates,
        left_out=found.left_out,
        finished=finished,
        not_modified=not_modified,
        failure=failure,
    )


def _known(run: OpenRun) -> Validators | None:
    """Return the validators to send: with the first page only."""
    return run.known if run.pages == 0 else None


def _count(progress: SyncProgress) -> None:
    outcome = "failed" if progress.failure else "succeeded"
    SYNC_RUNS.labels(progress.partner, outcome).inc()
    for name in ("added", "changed", "unchanged", "withdrawn", "quarantined"):
        SYNC_ROWS.labels(progress.partner, name).inc(getattr(progress, name))
