"""What the command line shows: bars for people, plain lines for pipes."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

from gateway.partners.config import PartnerConfig
from schema.model.catalogue import PartnerStatus
from schema.model.syncing import SyncProgress
from schema.model.values import PartnerCode

_HEALTH_STYLES = {"HEALTHY": "green", "DEGRADED": "yellow", "DOWN": "red", "UNKNOWN": "dim"}


class SyncBoard:
    """Shows how syncs go, one row per partner; call `report` with every progress."""

    def __init__(self, configs: Sequence[PartnerConfig], console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._names = {config.code: config.partner.name for config in configs}
        self._finished: dict[PartnerCode, SyncProgress] = {}
        self._rows: dict[PartnerCode, TaskID] = {}
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[said]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> Self:
        """Start drawing."""
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing, leaving the last picture."""
        self._bars.stop()

    def report(self, progress: SyncProgress) -> None:
        """Show how far one partner's sync is."""
        code = progress.partner
        if self._console.is_terminal:
            self._draw(progress)
        elif progress.finished:
            self._console.out(f"{code:<16}{to_sentence(progress)}")
        if progress.finished:
            self._finished[code] = progress

    def summary(self) -> str:
        """Return one line about all that has finished."""
        done = self._finished.values()
        failed = [progress.partner for progress in done if progress.failure]
        withheld = [progress.partner for progress in done if progress.withheld]
        synced = [p for p in done if not (p.failure or p.withheld)]
        counts = (
            f"{len(synced)} of {len(done)} partners synced: "
            f"{sum(p.added for p in synced)} new, {sum(p.changed for p in synced)} changed, "
            f"{sum(p.unchanged for p in synced)} unchanged, "
            f"{sum(p.withdrawn for p in synced)} withdrawn, "
            f"{sum(p.quarantined for p in synced)} quarantined"
        )
        counts += f"; not applied: {', '.join(withheld)}" if withheld else ""
        return f"{counts}; failed: {', '.join(failed)}" if failed else counts

    @property
    def has_failures(self) -> bool:
        """Whether any sync failed."""
        return any(progress.failure for progress in self._finished.values())

    def _draw(self, progress: SyncProgress) -> None:
        name = f"{self._names.get(progress.partner, progress.partner):<28}"
        row = self._rows.get(progress.partner)
        if row is None:
            row = self._rows[progress.partner] = self._bars.add_task(name, total=None, said="")
        total = progress.fetched if progress.finished else progress.total
        said = f"[red]{progress.failure}[/]" if progress.failure else to_sentence(progress)
        self._bars.update(row, completed=progress.fetched, total=total or None, said=said)


def to_sentence(progress: SyncProgress) -> str:
    """Return what a sync has found, in words."""
    if progress.failure:
        return f"FAILED: {progress.failure} (the last good catalogue stays)"
    if progress.withheld and progress.rejected:
        return f"REJECTED before: {progress.withheld} (the last good catalogue stays)"
    if progress.withheld:
        return f"HELD: {progress.withheld} (`mitra partners held` shows it)"
    if progress.not_modified:
        return "not modified since the last sync, unchanged"
    parts = [
        f"{progress.added:>4} new",
        f"{progress.changed} changed",
        f"{progress.unchanged} unchanged",
        f"{progress.withdrawn} withdrawn",
        f"{progress.quarantined} quarantined",
    ]
    if progress.left_out:
        parts.append(f"{progress.left_out} left out by rule")
    return " · ".join(parts)


def print_partners(statuses: Sequence[PartnerStatus]) -> None:
    """Print who the partners are and how each stands."""
    if not sys.stdout.isatty():
        for status in statuses:
            freshness = status.freshness
            sys.stdout.write(
                f"{status.partner.code}\t{status.health}\t{freshness.state}\t"
                f"{status.offering_count}\t{freshness.reason or ''}\n"
            )
        return
    table = Table(box=None, header_style="bold")
    for heading in ("code", "partner", "state", "health", "freshness", "offerings", "why"):
        table.add_column(heading)
    for status in statuses:
        partner, freshness = status.partner, status.freshness
        table.add_row(
            partner.code,
            partner.name,
            partner.state.lower(),
            f"[{_HEALTH_STYLES[status.health]}]{status.health.lower()}[/]",
            freshness.state.lower(),
            str(status.offering_count),
            freshness.reason or "",
        )
    Console().print(table)
