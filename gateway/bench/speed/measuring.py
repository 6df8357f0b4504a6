"""The whole benchmark of a served gateway, part by part."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import orjson

from gateway.bench.machine import Machine, this_machine
from gateway.bench.processes import Served
from gateway.bench.speed import questions
from gateway.bench.speed.change import ChangeFigures, measure_change, to_line
from gateway.bench.speed.hanging import HangingFigures, measure_hanging
from gateway.bench.speed.peers import Peer, running_peer
from gateway.bench.speed.requests import (
    Enrolments,
    Make,
    Mix,
    Requests,
    Same,
    Unique,
    Zipf,
    to_request,
)
from gateway.bench.speed.stage import COURSES, Stage, staged
from gateway.bench.speed.turns import Asker, Figures, Pace, Say, Turn, take_turns

LIMIT, MITRA, PLAIN = "limit", "mitra", "plain"
COMPARED = ("hot", "cold", "search")  # with plain Strawberry, and peers
KINDS = ("hot", "warm", "cold", "search", "enrol")
PARTS = (*KINDS, PLAIN, "change", "hanging")  # what may be left out
ENROLS_ONE_IN = 20  # requests of the mix


@dataclass(frozen=True, slots=True)
class Task:
    """What to measure; `skipped` names parts to leave out."""

    pace: Pace
    workers: int = 1
    courses: int = COURSES
    skipped: frozenset[str] = frozenset()
    peers: tuple[Peer, ...] = ()


@dataclass(frozen=True, slots=True)
class SpeedReport:
    """All that was measured; what was left out is not there."""

    machine: Machine
    task: Task
    turns: Mapping[str, Sequence[Figures]]  # by "server kind", round by round
    changes: Mapping[str, Sequence[ChangeFigures]]  # by kind
    hanging: HangingFigures | None
    ready_mb: float  # a worker's memory when it is ready,
    served_mb: float  # and after all that was asked of it


def measure_speed(task: Task, say: Say) -> SpeedReport:
    """Measure a gateway, the limit of its server and plain Strawberry, all on this machine."""
    machine = this_machine()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        asker = Asker(pool, task.pace)
        say(f"{machine}\na catalogue of {task.courses:,} courses comes in")
        with staged(task.workers, task.courses) as stage, stage.mitra() as served:
            ready_mb, kinds = served.memory_mb(), _Kinds(task, stage, served)
            turns = kinds.take_turns(asker, say)
            changes = {} if "change" in task.skipped else kinds.change(asker, say)
            served_mb = served.memory_mb()
        say(f"a worker took {ready_mb:.0f} MB when it was ready, and {served_mb:.0f} MB at last")
        hanging = None if "hanging" in task.skipped else measure_hanging(asker, say)
    return SpeedReport(machine, task, turns, changes, hanging, ready_mb, served_mb)


class _Kinds:
    """What is asked of one stage."""

    def __init__(self, task: Task, stage: Stage, served: Served) -> None:
        self._task, self._stage, self._served = task, stage, served
        self._hot = to_request(questions.hot())
        self._warm = questions.to_requests(questions.warm())
        offerings = questions.bookable(served)
        enrolments = partial(Enrolments, stage.data_dir, offerings, questions.ENROL)
        # found by asking, which takes a second
        self._search = [] if "search" in task.skipped else questions.search(served)
        reads = Zipf(self._warm)

        def mix(first: int) -> Requests:
            return Mix(reads, enrolments(first), ENROLS_ONE_IN)

        self._makes: Mapping[str, Make] = {
            "hot": lambda _: Same(self._hot),
            "warm": lambda _: reads,
            "cold": partial(Unique, questions.to_requests(questions.cold())),
            "search": partial(Unique, questions.to_requests(self._search)),
            "enrol": mix,
        }

    def take_turns(self, asker: Asker, say: Say) -> Mapping[str, Sequence[Figures]]:
        """Ask all servers, in turns."""
        turns, servers = list(self._turns()), {MITRA: self._served}
        with ExitStack() as stack:
            if any(turn.server == LIMIT for turn in turns):
                constant = self._stage.constant(self._served.ask(questions.hot()))
                servers[LIMIT] = stack.enter_context(constant)
            if any(turn.server == PLAIN for turn in turns):
                servers[PLAIN] = stack.enter_context(self._stage.plain())
                self._check_same(servers[PLAIN])
            for peer in self._task.peers:
                servers[peer.name] = stack.enter_context(running_peer(peer, self._served))
                self._check_same(servers[peer.name])
            found = take_turns(turns, servers, asker, say)
        return {turn.name: figures for turn, figures in zip(turns, found, strict=True)}

    def change(self, asker: Asker, say: Say) -> Mapping[str, Sequence[ChangeFigures]]:
        """Change the catalogue while hot and warm questions are asked."""
        found: dict[str, list[ChangeFigures]] = {}
        for kind, distinct in (("hot", [self._hot]), ("warm", self._warm)):
            if kind in self._task.skipped:
                continue
            for _ in range(self._task.pace.rounds):
                make = self._makes[kind]
                figures = measure_change(make, distinct, self._stage, self._served, asker)
                found.setdefault(kind, []).append(figures)
                say(to_line(kind, figures))
        return found

    def _turns(self) -> Iterator[Turn]:
        skipped = self._task.skipped
        for kind, make in self._makes.items():
            if kind in skipped:
                continue
            if kind == "hot":
                yield Turn("limit", LIMIT, make)
            yield Turn(f"{MITRA} {kind}", MITRA, make)
            if kind in COMPARED:
                for server in self._others():
                    yield Turn(f"{server} {kind}", server, make)

    def _others(self) -> Iterator[str]:
        if PLAIN not in self._task.skipped:
            yield PLAIN
        yield from (peer.name for peer in self._task.peers)

    def _check_same(self, other: Served) -> None:
        """Check that what is compared is the same.  Raises `RuntimeError`."""
        for question in (questions.hot(), *questions.cold(), *self._search[:1]):
            answers = [orjson.loads(each.ask(question)) for each in (self._served, other)]
            if answers[0]["data"] != answers[1]["data"]:
                raise RuntimeError(f"what it is compared with answers otherwise: {question}")
