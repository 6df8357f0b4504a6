"""Every partner accepts connections and never answers: readers of the catalogue must not notice.

The sandbox's ten partners and a gateway that syncs and delivers; a few learners enrol all the
time, so that partners are called.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from adapters.sandbox import control
from adapters.sandbox.faults.orders import to_order
from gateway.bench.processes import Served, running, serving
from gateway.bench.quantiles import Waits, to_waits
from gateway.bench.speed import questions
from gateway.bench.speed.asking import Tally, ask
from gateway.bench.speed.requests import READ, Enrolments, Mix, Requests, Zipf
from gateway.bench.speed.turns import Asker, Say
from schema.model.values import PartnerCode

SANDBOX_SECONDS = 60
ENROLS_ONE_IN = 500


@dataclass(frozen=True, slots=True)
class HangingFigures:
    """How long readers waited in turns with all partners well, and with none answering."""

    well: list[Waits]
    hanging: list[Waits]
    struck: int  # calls to partners that hung; 0: nothing was shown

    @property
    def ratio(self) -> float:
        """How many times as long the slowest hundredth waits: the median of the pairs' ratios."""
        pairs = zip(self.hanging, self.well, strict=True)
        return median(hung.p99_ms / well.p99_ms for hung, well in pairs)


def measure_hanging(asker: Asker, say: Say) -> HangingFigures:
    """Let all partners hang and be well, in turns."""
    with TemporaryDirectory(prefix="mitra-hanging-") as name:
        folder = Path(name)
        with _sandbox(folder), serving(["gateway", "serve"], folder) as served:
            return _Crowd(folder, served, asker).measure(say)


class _Crowd:
    def __init__(self, folder: Path, served: Served, asker: Asker) -> None:
        self._folder, self._served, self._asker = folder, served, asker
        self._codes = [PartnerCode(code) for code in control.fetch_status(folder)["partners"]]
        self._offerings = questions.bookable(served)
        self._requests = questions.to_requests(questions.warm())

    def measure(self, say: Say) -> HangingFigures:
        self._asker.sweep(self._requests, self._served)
        self._read()
        found: dict[bool, list[Waits]] = {False: [], True: []}
        struck = 0
        for number in range(self._asker.pace.rounds):
            for hangs in (False, True) if number % 2 else (True, False):
                if hangs:
                    self._let_hang()
                found[hangs].append(self._read())
                if hangs:
                    struck += self._clear()
            well, hanging = found[False][-1], found[True][-1]
            say(f"p99 {well.p99_ms:.1f} ms, none answering {hanging.p99_ms:.1f} ms")
        if not struck:
            say("no partner was called while all hung: give more --seconds")
        return HangingFigures(found[False], found[True], struck)

    def _let_hang(self) -> None:
        for code in self._codes:
            control.set_fault(self._folder, code, to_order({"fault": "hang"}))

    def _clear(self) -> int:
        """Let all partners be well; return how many calls have hung."""
        faults = [each for code in self._codes for each in control.fetch_faults(self._folder, code)]
        for code in self._codes:
            control.clear_faults(self._folder, code)
        return sum(each["struck"] for each in faults)

    def _read(self) -> Waits:
        load = self._asker.to_load(self._make, self._served)
        tally: Tally = self._asker.pool.submit(ask, load).result()
        kinds = zip(tally.kinds, tally.waits, strict=True)
        return to_waits([wait for kind, wait in kinds if kind == READ])

    def _make(self, first: int) -> Requests:
        enrolments = Enrolments(self._folder, self._offerings, questions.ENROL, first)
        return Mix(Zipf(self._requests), enrolments, ENROLS_ONE_IN)


@contextmanager
def _sandbox(folder: Path) -> Iterator[None]:
    with running(["gateway", "sandbox", "run", "--quiet"], folder) as process:
        deadline = time.monotonic() + SANDBOX_SECONDS
        while not (folder / "sandbox.json").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the sandbox does not start: try `mitra sandbox run`")
            time.sleep(0.1)
        yield
