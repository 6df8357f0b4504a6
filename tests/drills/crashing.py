"""Rounds of the crash drill: enrol, be killed at a point, come back, settle, be examined.

Rounds go on side by side in lanes, each with databases of its own: most of a round is
waiting for the dead process's leases to run out.
"""

import asyncio
import multiprocessing
import random
import signal
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Lock

from adapters.sandbox.secrets import SANDBOX_PARTNERS
from tests.drills.conduct import Behaviour, learner_who
from tests.drills.engines import Ground
from tests.drills.findings import Fault, Kind, examine, find_missing, find_traces
from tests.drills.partners import PartnersProcess
from tests.drills.points import Point
from tests.drills.process import (
    PATIENCE_SECONDS,
    Converged,
    Crash,
    Reply,
    Restart,
    run_crash,
    run_restart,
)
from tests.drills.station import Goods, Site, Wish, prepare

WITHIN_SECONDS = 60.0  # of the restart everything is settled
BYSTANDERS = 2  # who enrol in the same process at the same time as the doomed one
SILENT_SECONDS = 120.0  # of a process: then the drill itself is broken
SLOWEST_REPLY_SECONDS = 0.25
LANES = 24
LOOK_SECONDS = 0.05

# Starting a process also asks how the others have ended, which two threads may not do at once.
_ONE_AT_A_TIME = Lock()
_CONTEXT = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True)
class Round:
    """One kill: where, and what the doomed learner's booking meets at the partner."""

    number: int
    point: Point
    behaviour: Behaviour


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a round; `seconds` is how long settling took after the restart."""

    round: Round
    seconds: float | None
    accepted: int
    faults: Sequence[Fault]


def plan(rounds: int) -> list[Round]:
    """Return so many rounds for each point, the behaviours in rotation, well mixed."""
    behaviours = list(Behaviour)
    planned = [
        Round(number * len(Point) + place, point, behaviours[number % len(behaviours)])
        for number in range(rounds)
        for place, point in enumerate(Point)
    ]
    random.Random(rounds).shuffle(planned)
    return planned


def run_rounds(  # noqa: PLR0913 - all but the first three are named
    ground: Ground,
    partners: PartnersProcess,
    planned: Sequence[Round],
    *,
    lanes: int = LANES,
    ahead: timedelta = timedelta(0),
    codes: Collection[str] = SANDBOX_PARTNERS,
    bystanders: int = BYSTANDERS,
    tell: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Run the rounds and return what came of each; `tell` hears of each as it ends.

    With the clock of the restarted `ahead`, they need not wait for dead processes' leases.
    """
    _CONTEXT.set_forkserver_preload(["tests.drills.process"])
    goods = asyncio.run(prepare(ground.first, codes))
    lanes = min(lanes, len(planned))
    with ThreadPoolExecutor(lanes) as pool:
        running = []
        for number in range(lanes):
            lane = Lane(ground.copy(f"lane_{number}"), goods, partners, ahead, bystanders, tell)
            running.append(pool.submit(lane.run, planned[number::lanes]))
        return [result for lane in running for result in lane.result()]


@dataclass
class Lane:
    """Rounds one after the other over the same databases."""

    site: Site
    goods: Goods
    partners: PartnersProcess
    ahead: timedelta
    bystanders: int
    tell: Callable[[Result], None]
    accepted: dict[str, str] = field(default_factory=dict)

    def run(self, planned: Sequence[Round]) -> list[Result]:
        """Run the rounds."""
        return [self._run(each) for each in planned]

    def _run(self, this: Round) -> Result:
        wishes = self._wishes(this)
        faults = self._crash(this, wishes)
        seconds, later = self._restart(wishes)
        faults += later
        faults += self._look(lambda c: examine(c, self.accepted, self.partners.bookings()))
        result = Result(this, seconds, len(wishes), faults)
        self.tell(result)
        return result

    def _wishes(self, this: Round) -> list[Wish]:
        """Return the wishes of a round; the last is the doomed one's."""
        codes, behaviours = sorted(self.goods), list(Behaviour)
        partner = codes[this.number % len(codes)]
        place = behaviours.index(this.behaviour)
        wishes = []
        for offset in range(self.bystanders, -1, -1):
            number = this.number * (self.bystanders + 1) + offset
            behaviour = behaviours[(place + offset) % len(behaviours)]
            offerings = self.goods[partner]
            offering = offerings[number % len(offerings)]
            wishes.append(Wish(learner_who(behaviour, number), partner, offering))
        return wishes

    def _crash(self, this: Round, wishes: Sequence[Wish]) -> list[Fault]:
        """Let a process enrol and die; return what is wrong right after that."""
        pause = SLOWEST_REPLY_SECONDS * (this.number % 5) / 4
        crash = Crash(self.site, wishes, this.point, pause)
        said, exit_code = _run_process(run_crash, crash)
        told = _replies(said)
        self.accepted |= told
        if exit_code != -signal.SIGKILL:
            return [Fault(Kind.UNREACHED, f"{this}: ended with {exit_code}, said {said}")]
        faults = self._look(lambda c: find_missing(c, told))
        if this.point.is_in_transaction:
            faults += self._look(lambda c: find_traces(c, crash.doomed))
        return faults

    def _restart(self, wishes: Sequence[Wish]) -> tuple[float | None, list[Fault]]:
        """Let a new process settle all; return how long that took, and what was wrong."""
        restart = Restart(self.site, wishes, time.monotonic(), WITHIN_SECONDS, self.ahead)
        said, exit_code = _run_process(run_restart, restart)
        told = _replies(said)
        faults = [
            Fault(Kind.LOST, f"{name} was told {before}, and {told.get(name)} when asking again")
            for name, before in self.accepted.items()
            if name in {wish.learner for wish in wishes} and told.get(name) != before
        ]
        faults += [
            Fault(Kind.LOST, f"{wish.learner} asked again and was told {said}")
            for wish in wishes
            if wish.learner not in told
        ]
        self.accepted |= told
        ends = [each.seconds for each in said if isinstance(each, Converged)]
        if exit_code != 0 or not ends:
            faults.append(Fault(Kind.UNREACHED, f"the restarted ended with {exit_code}"))
        elif ends[0] is None:
            faults.append(Fault(Kind.SLOW, f"not settled in {WITHIN_SECONDS} s"))
        return (ends[0] if ends else None), faults

    def _look(self, question: Callable[..., list[Fault]]) -> list[Fault]:
        ledger = self.site.database("ledger")
        try:
            return asyncio.run(ledger.read(question))
        finally:
            ledger.close()


def _run_process(
    work: Callable[[Connection, object], None], task: object
) -> tuple[list[object], int | None]:
    """Run a process to its end; return what it said, and its exit code."""
    here, there = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=work, args=(there, task))
    with _ONE_AT_A_TIME:
        process.start()
    there.close()
    said = list(_read_all(here))
    here.close()
    ends = time.monotonic() + PATIENCE_SECONDS
    while (exit_code := _exit_code(process)) is None and time.monotonic() < ends:
        time.sleep(LOOK_SECONDS)
    process.kill()  # should it live on
    return said, exit_code


def _exit_code(process: BaseProcess) -> int | None:
    with _ONE_AT_A_TIME:
        return process.exitcode


def _read_all(here: Connection) -> Iterator[object]:
    """Give all that is said until the other end is closed, or silent for too long."""
    try:
        while here.poll(SILENT_SECONDS):
            yield here.recv()
    except (EOFError, OSError):
        return


def _replies(said: Sequence[object]) -> Mapping[str, str]:
    """Return the enrolment that each learner was told."""
    replies = [each for each in said if isinstance(each, Reply)]
    return {each.learner: each.enrolment for each in replies if each.enrolment is not None}
