"""Keeping a process's read model up to date with the store, whoever syncs.

Only the courses that changed are read and worked out again; the snapshot is then built
aside, in a thread, and swapped in.
"""

import asyncio
import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from gateway import collecting
from gateway.catalogue.directory import Directory
from gateway.catalogue.entries import Entry, to_entry
from gateway.catalogue.freshness import is_fetched
from gateway.catalogue.hiding import caught_up, under, veiled
from gateway.catalogue.in_force import InForce, LedgerBlocks, Veil
from gateway.catalogue.partner_orders import Orders, as_ordered
from gateway.catalogue.places import nobody_booked
from gateway.catalogue.rates import RUPIAH_ONLY, Rates
from gateway.catalogue.reader import SnapshotReader
from gateway.catalogue.shelf import Shelf
from gateway.catalogue.shown import shows_no_less
from gateway.catalogue.snapshot import Snapshot
from gateway.catalogue.store import CatalogueStore, Changes, HeldBack, StatusRow
from gateway.partners.config import PartnerConfig
from gateway.telemetry import CATALOGUE_REVISION, HELD_SYNCS
from schema.model.blocks import Block
from schema.model.catalogue import PartnerStatus
from schema.model.values import CourseId, OfferingId, PartnerCode, SessionId

POLL_SECONDS = 1.0
LOOK_SECONDS = 0.25  # between two looks whether there is a new revision
MANY = 100  # new courses: as many as a partner's first list brings

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Former:
    """The revision that the newest took the place of, and when (by the monotonic clock).

    With `is_whole` everything that it showed is still there: courses came or changed, none left.
    """

    revision: int
    at: float
    is_whole: bool
    veil: str = ""  # see `Veil.name`

    @property
    def name(self) -> str:
        """Its name, as `Snapshot.name` says it."""
        return f"{self.revision}{self.veil}"


class CatalogueFollower:
    """Holds the newest snapshot and partner statuses; `run` keeps them new."""

    def __init__(
        self,
        store: CatalogueStore,
        configs: Sequence[PartnerConfig],
        now: Callable[[], datetime],
        *,
        poll_seconds: float = POLL_SECONDS,
        rates: Rates = RUPIAH_ONLY,
        cut_off: Callable[[], Collection[PartnerCode]] = frozenset,
    ) -> None:
        """Follow `store`; `cut_off` tells which partners this process calls only to probe them."""
        self.shelf: Shelf | None = None  # where the search index is kept for the next process
        self._store = store
        self._configs = configs
        self._now = now
        self._poll_seconds = poll_seconds
        self._rates = rates
        self._cut_off = cut_off
        self._partners = [config.partner for config in configs]
        self._snapshot = Snapshot(0, partners=self._partners)
        self.former = Former(0, 0.0, is_whole=False)
        self.newest_at = self.former_at = -math.inf  # when each was last known to be the newest
        self._rows: Sequence[StatusRow] = ()
        self._ledger_blocks = LedgerBlocks(now)
        self._orders: Orders = {}
        self._held_back: Mapping[OfferingId, HeldBack] = {}
        self._directory: tuple[Any, Directory] = None, Directory((), (), now)
        self._is_loaded = False
        self._was_stored = False  # when the process began: the first sync's pages come piecemeal
        self._woken = asyncio.Event()

    @property
    def snapshot(self) -> Snapshot:
        """The newest catalogue."""
        return self._snapshot

    @property
    def directory(self) -> Directory:
        """The partners, and how each stands."""
        made_of = self._orders, self._rows, self._held_back, frozenset(self._cut_off())
        if made_of != self._directory[0]:  # nearly always the very same objects
            orders, rows, held_back, cut_off = made_of
            configs = as_ordered(self._configs, orders)
            self._directory = made_of, Directory(configs, rows, self._now, held_back, cut_off)
        return self._directory[1]

    @property
    def partner_epoch(self) -> int:
        """A number that rises whenever a partner's status changes, or what is ordered about it."""
        ordered = sum(order.epoch for order in self._orders.values())
        return ordered + sum(row.epoch for row in self._rows)

    @property
    def is_ready(self) -> bool:
        """Whether a catalogue was there to be loaded, or every partner has been tried once."""
        tried = {row.partner for row in self._rows}
        return self._was_stored or (
            self._is_loaded
            and all(
                config.code in tried
                for config in as_ordered(self._configs, self._orders)
                if is_fetched(config)
            )
        )

    def reader(
        self,
        now: datetime,
        taken: Callable[[SessionId], int] = nobody_booked,
        booked: Iterable[SessionId] | None = None,
        directory: Directory | None = None,
    ) -> SnapshotReader:
        """Return the newest catalogue as one request sees it; `directory` is what it has seen."""
        closed = (directory or self.directory).closed
        return SnapshotReader(self._snapshot, now, taken, booked, closed=closed)

    def notify(self) -> None:
        """Look at once: something has just changed in this process."""
        self._woken.set()

    async def run(self) -> None:
        """Follow the store until cancelled; a store that does not answer is asked again."""
        while True:
            try:
                await asyncio.to_thread(self._prepare, self._snapshot)
                await self.refresh()
            except Exception:
                logger.exception("catalogue.follow_failed", revision=self._snapshot.revision)
            await self._wait()
            self._woken.clear()

    async def refresh(self) -> None:
        """Bring statuses and snapshot up to what is committed now."""
        rows = await self._store.read_statuses()  # first, so that no status outruns the snapshot
        self._orders = await self._store.read_orders()
        asked = time.monotonic()
        newest = await self._store.read_revision()
        known = self._snapshot.revision
        if newest > known > 0:
            changes = await self._store.read_changes(known, self._snapshot.offerings)
            await self._take(changes, is_whole=False)
        elif newest != known:  # the first time, or another database stands in its place
            with collecting.paused():
                await self._take(await self._store.read_catalogue(), is_whole=True)
        if newest != known:
            self.former_at = self.newest_at
        self.newest_at = asked
        if self._snapshot.veil.behind:
            await self._catch_up()
        if rows != self._rows:
            quarantined = any(row.quarantined for row in rows)
            self._held_back = await self._store.read_held_back() if quarantined else {}
            self._rows = rows
        HELD_SYNCS.set(sum(row.held_run is not None for row in rows))
        if not self._is_loaded:
            self._is_loaded = True
            self._was_stored = newest > 0

    async def _wait(self) -> None:
        """Wait until it is time to look at everything, or something has just changed."""
        for _ in range(max(1, round(self._poll_seconds / LOOK_SECONDS))):
            try:
                async with asyncio.timeout(min(LOOK_SECONDS, self._poll_seconds)):
                    await self._woken.wait()
            except TimeoutError:
                if await self._has_moved():
                    return
            else:
                return

    async def _has_moved(self) -> bool:
        asked = time.monotonic()
        try:
            newest = await self._store.read_revision()
        except Exception:  # noqa: BLE001 - a store that does not answer is told of by the next refresh
            return False
        if newest == self._snapshot.revision:
            self.newest_at = asked
        return newest != self._snapshot.revision

    async def stand(self, code: PartnerCode) -> PartnerStatus | None:
        """Return how a partner stands by what is ordered at this moment."""
        self._orders = await self._store.read_orders()
        return self.directory.status(code)

    async def hide_blocked(self, number: int, standing: Sequence[Block]) -> None:
        """Show nothing that the ledger's blocks name, before the catalogue has followed them."""
        self._ledger_blocks.learn(number, standing)
        while True:
            base = self._snapshot
            shown = await self._under_blocks(base)
            if self._snapshot is base:  # else another has come, under some blocks or others
                break
        if shown is not base:
            self._show(shown, keeps=shows_no_less(base, shown, ()))
        if shown.veil.behind:
            self.notify()

    async def _under_blocks(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot under the blocks in force now: there is no wait after that is so."""
        while True:
            blocks = self._ledger_blocks.in_force(snapshot.veil.stored, snapshot.redirects)
            if blocks == snapshot.veil.in_force:
                return snapshot
            snapshot = await asyncio.to_thread(veiled, snapshot, blocks)

    async def _take(self, changes: Changes, *, is_whole: bool) -> None:
        snapshot = await asyncio.to_thread(self._build, changes, is_whole=is_whole)
        await asyncio.to_thread(self._prepare, snapshot)
        snapshot = await self._under_blocks(snapshot)
        before = self._snapshot
        changed = (each.id for each in changes.courses)
        keeps = not is_whole and shows_no_less(before, snapshot, changed)
        self._show(snapshot, keeps=keeps)
        logger.info("catalogue.followed", revision=snapshot.revision, changed=len(changes.courses))

    async def _catch_up(self) -> None:
        """Work out of which courses blocks leave a part."""
        behind = self._snapshot.veil.behind
        snapshot = await asyncio.to_thread(caught_up, self._snapshot, self._rates)
        await asyncio.to_thread(self._prepare, snapshot)
        self._show(await self._under_blocks(snapshot), keeps=False)
        logger.info("catalogue.blocks_worked_out", changed=len(behind))

    def _show(self, snapshot: Snapshot, *, keeps: bool) -> None:
        before = self._snapshot
        self.former = Former(
            before.revision, time.monotonic(), is_whole=keeps, veil=before.veil.name
        )
        self._snapshot = snapshot
        CATALOGUE_REVISION.set(snapshot.revision)

    def _build(self, changes: Changes, *, is_whole: bool) -> Snapshot:
        names = {institution.id: institution for institution in changes.institutions}
        made = [
            to_entry(stored, names[stored.institution_id], self._rates)
            for stored in changes.courses
            if stored.offerings
        ]
        blocks = self._ledger_blocks.in_force(changes.blocks, changes.redirects)
        entries, hidden = under(made, blocks, self._rates) if blocks else (made, [])
        if is_whole:
            partners, redirects = self._partners, changes.redirects
            whole = Snapshot(changes.revision, entries, partners, redirects, self.shelf)
            snapshot = whole.veiled(Veil(changes.blocks, blocks), whole.flags(hidden))
        else:
            snapshot = self._changed(changes, entries, hidden, blocks)
        # What replaces others is not kept: with it would be whatever waits to be collected.
        if is_whole or len(snapshot.entries) - len(self._snapshot.entries) > MANY:
            collecting.keep()
        snapshot.index.searcher()
        return snapshot

    def _changed(
        self,
        changes: Changes,
        entries: Sequence[Entry],
        hidden: Sequence[CourseId],
        blocks: InForce,
    ) -> Snapshot:
        # a course without offerings: its only one moved to another course
        gone = [stored.id for stored in changes.courses if not stored.offerings]
        snapshot = self._snapshot.changed(
            changes.revision, entries, gone, changes.redirects, hidden=hidden
        )
        return veiled(snapshot, blocks, changes.blocks)

    def _prepare(self, snapshot: Snapshot) -> None:
        """Work out what every request would have to, so that none has to."""
        snapshot.index.prepare()
        snapshot.places.having(self._now(), nobody_booked, ())
