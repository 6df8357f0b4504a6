"""A catalogue of 1,500 courses that two synthetic partners sell, and the servers over it."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.bench.partner import SyntheticPartner
from gateway.bench.processes import Served, serving
from gateway.bench.speed.constant import BODY
from gateway.bench.syncing import Place, prepare, sync_behind
from schema.model.values import PartnerCode

COURSES = 1_500
ALSO_SOLD = 500  # of them by a second partner; one in a hundred of its rows changes at a time
BUDGET = 10**12  # counted as in production, and never used up
_PARTNER = """[[partner]]
code = "{code}"
name = "{code}"
kind = "DIGITAL_PLATFORM"
adapter = "skill_academy"
address = "{address}"

"""


@dataclass(frozen=True, slots=True)
class Stage:
    """What is served, and where its changes come from."""

    data_dir: Path
    workers: int
    changing: SyntheticPartner
    changed: Place
    syncing: ProcessPoolExecutor  # one process: it has been started, and has synced before

    @contextmanager
    def mitra(self, told: Mapping[str, str] | None = None) -> Iterator[Served]:
        """Serve as `mitra serve` does; nothing is synced or delivered."""
        settings = {"MITRA_CLIENT_BUDGET": str(BUDGET), "MITRA_LEARNER_RATE": "1000"}
        with serving(["gateway", "serve"], self.data_dir, self._told(settings, told)) as served:
            yield served

    @contextmanager
    def constant(self, body: bytes) -> Iterator[Served]:
        """Serve the same bytes to everybody."""
        file = self.data_dir / "constant.json"
        file.write_bytes(body)
        with self._alone("gateway.bench.speed.constant:create_app", {BODY: str(file)}) as served:
            yield served

    @contextmanager
    def plain(self) -> Iterator[Served]:
        """Serve the same catalogue by plain Strawberry."""
        with self._alone("gateway.bench.speed.plain:create_app", {}) as served:
            yield served

    def change(self) -> None:
        """Bring in a list of which some courses have changed."""
        self.changing.change()
        self.syncing.submit(sync_behind, self.changed).result()

    @contextmanager
    def _alone(self, factory: str, told: Mapping[str, str]) -> Iterator[Served]:
        arguments = ["gateway.bench.speed.alone", factory]
        with serving(arguments, self.data_dir, self._told(told)) as served:
            yield served

    def _told(self, *told: Mapping[str, str] | None) -> Mapping[str, str]:
        settings = {
            "MITRA_PARTNERS": str(self.data_dir / "partners.toml"),
            "MITRA_BACKGROUND": "false",
            "MITRA_WORKERS": str(self.workers),
        }
        for each in told:
            settings |= each or {}
        return settings


@contextmanager
def staged(workers: int, courses: int = COURSES) -> Iterator[Stage]:
    """Sync a catalogue into databases of its own, which are gone afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="mitra-speed-")))
        first = stack.enter_context(SyntheticPartner(courses))
        second = stack.enter_context(SyntheticPartner(min(courses, ALSO_SOLD)))
        pool = stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
        places = [
            Place(partner.address(told=False), folder, code=PartnerCode(code))
            for partner, code in ((first, "synthetic"), (second, "synthetic_too"))
        ]
        prepare(places[0])
        for place in places:
            pool.submit(sync_behind, place).result()
        partners = (_PARTNER.format(code=each.code, address=each.address) for each in places)
        (folder / "partners.toml").write_text("".join(partners), encoding="utf-8")
        yield Stage(folder, workers, second, places[1], pool)
