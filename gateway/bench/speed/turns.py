"""Turns: every server and question for a moment, one after the other, round after round."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import count
from statistics import median

from gateway.bench.processes import Served
from gateway.bench.quantiles import Waits, to_waits
from gateway.bench.speed.asking import Load, Tally, ask
from gateway.bench.speed.requests import ENROL, InTurn, Make

NUMBERS_OF_A_TURN = 10_000_000  # so that no turn asks with the numbers of another
SWEEPERS = 10  # at a time, who ask each question once
SWEEP_SECONDS = 600.0  # at most

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard and how long is asked."""

    connections: int = 100
    seconds: float = 3.0
    rounds: int = 5


@dataclass(frozen=True, slots=True)
class Turn:
    """What is asked of whom; `server` names one of those that run."""

    name: str
    server: str
    make: Make


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of one turn; processor times are the server's, of all its processes."""

    per_second: float
    waits: Waits
    enrolments: Waits | None
    body_bytes: float  # of an answer
    processor_ms: float  # that an answer took
    server_cores: float  # that were busy serving
    asking_cores: float  # and asking


@dataclass(slots=True)
class Asker:
    """Asks in a process of its own, with numbers that were never asked before."""

    pool: Executor
    pace: Pace
    _firsts: Iterator[int] = field(default_factory=lambda: count(0, NUMBERS_OF_A_TURN))

    def take(self, turn: Turn, served: Served, seconds: float | None = None) -> Figures:
        """Take one turn."""
        load = self.to_load(turn.make, served, seconds)
        worked = served.processor_seconds()
        tally: Tally = self.pool.submit(ask, load).result()
        return to_figures(tally, served.processor_seconds() - worked)

    def sweep(self, requests: Sequence[bytes], served: Served) -> None:
        """Ask each of some requests once."""
        most = len(requests)
        load = Load(served.port, InTurn(requests), min(SWEEPERS, most), SWEEP_SECONDS, most)
        self.pool.submit(ask, load).result()

    def to_load(self, make: Make, served: Served, seconds: float | None = None) -> Load:
        """Return what a turn sends."""
        requests = make(next(self._firsts))
        return Load(served.port, requests, self.pace.connections, seconds or self.pace.seconds)


def take_turns(
    turns: Sequence[Turn], servers: Mapping[str, Served], asker: Asker, say: Say
) -> Sequence[Sequence[Figures]]:
    """Return the figures of each turn, round by round; a first, short round does not count."""
    for turn in turns:
        asker.take(turn, servers[turn.server], asker.pace.seconds / 3)
    found: list[list[Figures]] = [[] for _ in turns]
    for number in range(asker.pace.rounds):
        pairs = list(zip(turns, found, strict=True))
        for turn, figures in pairs if number % 2 else reversed(pairs):
            figures.append(asker.take(turn, servers[turn.server]))
        rates = ", ".join(f"{turn.name} {figures[-1].per_second:,.0f}" for turn, figures in pairs)
        say(f"round {number + 1} of {asker.pace.rounds}, answers a second: {rates}")
    return found


def to_figures(tally: Tally, processor_seconds: float) -> Figures:
    """Sum up a turn.  Raises `ValueError` if nothing was answered."""
    answered = len(tally.waits)
    enrolled = [wait for kind, wait in zip(tally.kinds, tally.waits, strict=True) if kind == ENROL]
    return Figures(
        per_second=answered / tally.seconds,
        waits=to_waits(tally.waits),
        enrolments=to_waits(enrolled) if enrolled else None,
        body_bytes=tally.body_bytes / answered,
        processor_ms=processor_seconds * 1_000 / answered,
        server_cores=processor_seconds / tally.seconds,
        asking_cores=tally.processor_seconds / tally.seconds,
    )


def middle(rounds: Sequence[Figures], read: Callable[[Figures], float]) -> float:
    """Return the median of a figure."""
    return median(map(read, rounds))


def ratio(one: Sequence[Figures], other: Sequence[Figures]) -> float:
    """Return how many times as many answers a second one had: the median of the rounds' ratios."""
    pairs = zip(one, other, strict=True)
    return median(first.per_second / second.per_second for first, second in pairs)


def processor_ratio(one: Sequence[Figures], other: Sequence[Figures]) -> float | None:
    """Return the same by the servers' processor time alone, which other work disturbs less."""
    pairs = [
        (first.processor_ms, second.processor_ms) for first, second in zip(one, other, strict=True)
    ]
    if not all(first for first, _ in pairs):
        return None
    return median(second / first for first, second in pairs)


def spread(rounds: Sequence[Figures]) -> float:
    """Return how far the rounds were apart: (most - least) / median answers a second."""
    rates = [each.per_second for each in rounds]
    return (max(rates) - min(rates)) / median(rates)
