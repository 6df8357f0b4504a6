"""What is wanted of the figures, and whether it was reached.  Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from gateway.bench.speed.change import ChangeFigures
from gateway.bench.speed.measuring import LIMIT, MITRA, PLAIN, SpeedReport
from gateway.bench.speed.turns import ratio

MEMORY_MB = 200
SPIKE = 5
HANGING = 1.2
_OF_LIMIT = {"hot": 0.85, "warm": 0.7}
_OF_PLAIN = {"cold": 25, "search": 8}
TAIL = 3  # times the p50, hot

_NAMES = {
    "hot": "hot, of constant bytes",
    "warm": "warm, of constant bytes",
    "cold": "cold, times plain Strawberry",
    "search": "search, times plain Strawberry",
}
_TAIL_NAME = "hot p99, times its p50"
_SPIKE_NAME = "revision change, {}: worst p99 of 0.1 s, times p50"
_HANGING_NAME = "catalogue p99 while all partners hang, times the usual"
# Figures that the history has, in its order.
BARRED = (
    *_NAMES.values(), _TAIL_NAME, _SPIKE_NAME.format("hot"), _SPIKE_NAME.format("warm"),
    _HANGING_NAME,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """One figure and its bar: it is to be `least` or more, or `most` or less."""

    what: str
    value: float
    least: float | None = None
    most: float | None = None

    @property
    def is_reached(self) -> bool:
        """Whether the figure is as wanted."""
        is_enough = self.least is None or self.value >= self.least
        return is_enough and (self.most is None or self.value <= self.most)

    @property
    def wanted(self) -> str:
        """The bar as people write it."""
        if self.least == self.most:
            return f"{self.least:g}"
        return f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"


def to_verdicts(report: SpeedReport) -> Iterator[Verdict]:
    """Yield a verdict on each figure that was measured and has a bar."""
    turns = report.turns
    for kind, least in _OF_LIMIT.items():
        if (ours := turns.get(f"{MITRA} {kind}")) and (limit := turns.get(LIMIT)):
            yield Verdict(_NAMES[kind], ratio(ours, limit), least)
    for kind, least in _OF_PLAIN.items():
        if (ours := turns.get(f"{MITRA} {kind}")) and (plain := turns.get(f"{PLAIN} {kind}")):
            yield Verdict(_NAMES[kind], ratio(ours, plain), least)
    if hot := turns.get(f"{MITRA} hot"):
        tail = median(each.waits.p99_ms / each.waits.p50_ms for each in hot)
        yield Verdict(_TAIL_NAME, tail, most=TAIL)
    for kind, changes in report.changes.items():
        yield from _of_changes(kind, changes)
    if report.hanging and report.hanging.struck:
        yield Verdict(_HANGING_NAME, report.hanging.ratio, most=HANGING)
    if report.served_mb:  # not every system tells
        yield Verdict("memory of a worker, MB", report.served_mb, most=MEMORY_MB)


def _of_changes(kind: str, changes: Sequence[ChangeFigures]) -> Iterator[Verdict]:
    changes = [each for each in changes if each.revisions]
    if not changes:
        return
    spike = median(each.ratio for each in changes)
    yield Verdict(_SPIKE_NAME.format(kind), spike, most=SPIKE)
    executions = [each.executions_each for each in changes if each.executions_each is not None]
    if executions:
        name = f"revision change, {kind}: runs of a question, most"
        yield Verdict(name, max(executions), 1, 1)
