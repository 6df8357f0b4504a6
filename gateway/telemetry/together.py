"""The metrics of all processes that share a folder, told by whichever of them is asked.

Counting costs nothing more for it: every few seconds each process leaves what it would tell in a
file, under a label of its own, and whoever is asked puts the others' beside its own.  Sums over
processes are left to Prometheus, which knows a counter that ended from one that was set back.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import structlog
from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gateway.telemetry.metrics import REGISTRY

EVERY = 10.0  # seconds between two files of a process
GONE_AFTER = 35.0  # seconds after which nobody writes a file any more
LABEL = "process"
_HEAD = "# HELP "

log = structlog.get_logger(__name__)


class SharedMetrics:
    """Tells metrics; those of this process are shared, and have a label, once `run` runs."""

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        registry: Collector = REGISTRY,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Make it; `name` is this process's among all that share `folder`."""
        self._folder = folder
        self._file = folder / f"{name.replace(':', '-')}.prom"
        self._registry = registry
        self._labelled = Labelled(registry, {LABEL: name})
        self._is_shared = False
        self._now = now

    async def run(self) -> None:
        """Leave what is to be told, again and again; take it away at the end."""
        self._is_shared = True
        try:
            while True:
                try:
                    await asyncio.to_thread(self.leave)
                except OSError as exc:  # others tell less; this process goes on
                    log.warning("metrics.not_shared", error=type(exc).__name__)
                await asyncio.sleep(EVERY)
        finally:
            with suppress(OSError):  # there may be no file, nor folder
                self._file.unlink()

    def leave(self) -> None:
        """Leave what this process tells, whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._file.with_suffix(".new")
        unfinished.write_bytes(generate_latest(self._labelled))
        unfinished.replace(self._file)

    def told(self) -> bytes:
        """Return what this process tells, and what the others have left."""
        own = generate_latest(self._labelled if self._is_shared else self._registry)
        others = list(self._read_others())
        return merged([own.decode(), *others]).encode() if others else own

    def _read_others(self) -> Iterator[str]:
        for path in sorted(self._folder.glob("*.prom")):
            if path == self._file:
                continue
            with suppress(OSError, UnicodeDecodeError):  # it ends just now
                if self._now() - path.stat().st_mtime < GONE_AFTER:
                    yield path.read_text(encoding="utf-8")
                else:  # it was killed
                    path.unlink()


class Labelled(Collector):
    """Another collector's metrics, with more labels."""

    def __init__(self, collector: Collector, labels: Mapping[str, str]) -> None:
        self._collector = collector
        self._labels = labels

    def collect(self) -> Iterable[Metric]:
        """Give the metrics."""
        for metric in self._collector.collect():
            found = Metric(metric.name, metric.documentation, metric.type, metric.unit)
            found.samples = [
                each._replace(labels={**each.labels, **self._labels}) for each in metric.samples
            ]
            yield found


def merged(texts: Iterable[str]) -> str:
    """Return several processes' metrics as one text: a metric's lines stand together in it."""
    families: dict[str, tuple[str, list[str]]] = {}
    for text in texts:
        for family in f"\n{text}".split(f"\n{_HEAD}")[1:]:
            about, kind, *samples = family.rstrip("\n").split("\n")
            head = f"{_HEAD}{about}\n{kind}\n"
            families.setdefault(about.partition(" ")[0], (head, []))[1].extend(samples)
    parts = (head + "".join(f"{line}\n" for line in lines) for head, lines in families.values())
    return "".join(parts)
