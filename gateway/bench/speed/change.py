"""A revision that changes while all ask: how long the unluckiest wait, and what is run anew."""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.bench.processes import Served
from gateway.bench.quantiles import to_waits
from gateway.bench.speed.asking import Tally, ask
from gateway.bench.speed.requests import Make
from gateway.bench.speed.stage import Stage
from gateway.bench.speed.turns import Asker

SETTLING_SECONDS = 3.0  # more than a turn takes: until a change has been synced and followed
WINDOW_SECONDS = 0.1
_EXECUTED = re.compile(rb"^mitra_graphql_operations_compiled_total\{.*?\} (\S+)", re.MULTILINE)
_REVISION = re.compile(rb"^mitra_catalogue_revision (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ChangeFigures:
    """One change under load.

    `calm` and `spike` are p99s of a tenth of a second: the worst one before the change, and the
    worst from then on.
    """

    p50_ms: float
    calm_ms: float
    spike_ms: float
    longest_ms: float
    revisions: int  # that came while all asked; 0 if it came too late
    distinct: int  # questions
    executed: int | None  # operations that ran; None if more processes serve than one tells of

    @property
    def ratio(self) -> float:
        """How many times the usual the unluckiest waited."""
        return self.spike_ms / self.p50_ms

    @property
    def executions_each(self) -> float | None:
        """How often each question was run for each revision; 1 is wanted."""
        if self.executed is None or not self.revisions:
            return None
        return self.executed / self.distinct / self.revisions


@dataclass(frozen=True, slots=True)
class _Told:
    executed: float
    revision: float


def measure_change(
    make: Make, distinct: Sequence[bytes], stage: Stage, served: Served, asker: Asker
) -> ChangeFigures:
    """Change the catalogue while it is asked.

    Each distinct question has been asked before the change, and is asked once more at the end, so
    that all have been asked under the new revision.
    """
    asker.sweep(distinct, served)
    before = _read(served)
    calm_seconds = asker.pace.seconds / 2
    load = asker.to_load(make, served, asker.pace.seconds + SETTLING_SECONDS)
    began = time.perf_counter()
    asking = asker.pool.submit(ask, load)
    time.sleep(calm_seconds)
    changed = time.perf_counter() - began
    stage.change()
    tally: Tally = asking.result()
    followed = _read(served)
    asker.sweep(distinct, served)
    after = _read(served)
    return ChangeFigures(
        p50_ms=to_waits(tally.waits).p50_ms,
        calm_ms=max(_worst(tally, 0, changed - WINDOW_SECONDS), default=0.0),
        spike_ms=max(_worst(tally, changed - WINDOW_SECONDS, tally.seconds)),
        longest_ms=max(tally.waits) * 1_000,
        revisions=int(followed.revision - before.revision),
        distinct=len(distinct),
        executed=None if stage.workers > 1 else int(after.executed - before.executed),
    )


def to_line(kind: str, figures: ChangeFigures) -> str:
    """Return what came of a change, for people."""
    if not figures.revisions:
        return f"a change while {kind} ones are asked came too late: give more --seconds"
    return (
        f"a change while {kind} ones are asked: {figures.spike_ms:.1f} ms at worst, "
        f"{figures.calm_ms:.1f} ms before it, {figures.p50_ms:.1f} ms usually"
    )


def _worst(tally: Tally, since: float, until: float) -> Iterator[float]:
    """Yield the p99 of each window in which somebody was answered."""
    windows: dict[int, list[float]] = {}
    for end, wait in zip(tally.ends, tally.waits, strict=True):
        if since <= end <= until:
            windows.setdefault(int(end / WINDOW_SECONDS), []).append(wait)
    for waits in windows.values():
        yield to_waits(waits).p99_ms


def _read(served: Served) -> _Told:
    told = served.fetch("GET", "/metrics")[1]
    revision = _REVISION.search(told)
    executed = sum(float(number) for number in _EXECUTED.findall(told))
    return _Told(executed, float(revision[1]) if revision else 0.0)
