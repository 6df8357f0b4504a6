"""The page loop: one partner's list, page by page, into staging, then into the catalogue.

`CatalogueSync` owns the loop; `fetch_page` (the guarded call) retries and paces.  Whatever
goes wrong, the last good catalogue stays and the partner's status says why and since when.
A list that looks wrong is held for an operator (`holding`).
"""

import json
from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b

import structlog
from sqlalchemy import Connection

from adapters.errors import (
    CursorExpiredError,
    PartnerContractError,
    PartnerError,
)
from gateway.catalogue.approvals import note_approval_mode
from gateway.catalogue.holding import Settled, settle_run, settle_unmodified
from gateway.catalogue.loops import LoopGuard
from gateway.catalogue.preparing import FetchPage, Prepared, PreparedPages
from gateway.catalogue.profile import add_profile
from gateway.catalogue.records import VERSION
from gateway.catalogue.runs import (
    Counts,
    OpenRun,
    RunOutcome,
    fail_run,
    open_run,
    restart_run,
)
from gateway.catalogue.staging import Staged, stage_page
from gateway.partners.config import PartnerConfig
from gateway.storage.engine import Database
from gateway.telemetry import SYNC_ROWS, SYNC_RUNS
from schema.model.syncing import SyncProgress

logger = structlog.get_logger()


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
        except PartnerError as exc:
            progress = await self._fail(walk.run or run, exc.reason)
        except Exception as exc:
            await self._fail(walk.run or run, f"internal error ({type(exc).__name__})")
            raise
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
        async with PreparedPages(self._fetch_page, self._database, run.partner) as pages:
            walked = await self._walk(run, pages)
        if walked is None:
            return await self._end_unmodified(run)
        return await self._settle(walked, accept_alarm=accept_alarm)

    async def _walk(self, run: OpenRun, pages: PreparedPages) -> OpenRun | None:
        """Stage the pages that are left; None when the partner says that nothing is new."""
        self.run = run
        loops = LoopGuard(run)
        while not run.walked:
            try:
                ready = await _fetch_next(run, pages)
            except CursorExpiredError:
                if run.restarts:
                    raise
                self.run = run = await self._restart(run)
                loops = LoopGuard(run)
                continue
            if ready is None:
                return None
            loops.check_cursor(ready.page, run.cursor)
            pages.begin(ready.page.next_cursor)
            staged = await self._stage(run, ready)
            loops.check_news(ready.rows, has_news=staged.has_news)
            self.run = run = staged.run
            self._report(to_progress(run))
        return run

    async def _restart(self, run: OpenRun) -> OpenRun:
        now = self._now()
        logger.info("catalogue.walk_restarted", partner=run.partner, pages=run.pages)
        return await self._database.write(lambda connection: restart_run(connection, run, now))

    async def _stage(self, run: OpenRun, ready: Prepared) -> Staged:
        now = self._now()

        def stage(connection: Connection) -> Staged:
            add_profile(connection, run.id, ready.profile)
            return stage_page(connection, run, ready.rows, now)

        return await self._database.write_soon(stage)

    async def _end_unmodified(self, run: OpenRun) -> SyncProgress:
        now = self._now()
        await self._database.write(lambda connection: settle_unmodified(connection, run, now))
        logger.info("catalogue.not_modified", partner=run.partner)
        return to_progress(run, finished=True, not_modified=True)

    async def _settle(self, run: OpenRun, *, accept_alarm: bool) -> SyncProgress:
        now = self._now()
        settled = await self._database.write_much(
            lambda connection: settle_run(connection, run, now, accept_alarm=accept_alarm)
        )
        _log(run, settled)
        return to_progress(run, settled.counts, finished=True, settled=settled)


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
    settled: Settled | None = None,
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
        withheld=settled.withheld if settled else None,
        rejected=settled is not None and settled.outcome is RunOutcome.REJECTED,
    )


async def _fetch_next(run: OpenRun, pages: PreparedPages) -> Prepared | None:
    """Return the run's next page; None when the partner says that all are as they are known.

    As soon as one has changed the list is read whole: rows are known by list, not by page.
    """
    known = run.known if run.pages == 0 else ()
    ready = await pages.fetch(run.cursor, known[0].validators if known else None)
    if ready is None and known and await pages.has_changed(known[1:]):
        ready, known = await pages.fetch(run.cursor, None), ()
    if ready is None and not known:
        reason = "answered 'not modified' to a question that did not say what we know"
        raise PartnerContractError(run.partner, reason)
    return ready


def _log(run: OpenRun, settled: Settled) -> None:
    counts = settled.counts
    if settled.withheld:
        logger.warning(
            "catalogue.list_withheld",
            partner=run.partner,
            outcome=settled.outcome,
            reason=settled.withheld,
            fetched=counts.fetched,
        )
        return
    logger.info(
        "catalogue.synced",
        partner=run.partner,
        revision=settled.revision,
        fetched=counts.fetched,
        added=counts.added,
        changed=counts.changed,
        withdrawn=counts.withdrawn,
        quarantined=counts.quarantined,
    )


def count_sync(progress: SyncProgress) -> None:
    """Count a sync that ended, and its rows, in the metrics."""
    SYNC_RUNS.labels(progress.partner, to_outcome(progress)).inc()
    if progress.withheld:
        return
    for name in ("added", "changed", "unchanged", "withdrawn", "quarantined"):
        SYNC_ROWS.labels(progress.partner, name).inc(getattr(progress, name))


def to_outcome(progress: SyncProgress) -> str:
    """Return what became of a sync, in a word."""
    if progress.failure:
        return "failed"
    if progress.withheld:
        return "rejected" if progress.rejected else "held"
    return "succeeded"
