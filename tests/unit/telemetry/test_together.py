"""Metrics of several processes, told by one of them."""

import asyncio
import os
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from gateway.telemetry import together
from gateway.telemetry.together import GONE_AFTER, SharedMetrics

pytestmark = pytest.mark.anyio


class Process:
    """One process's metrics, and what it tells of all."""

    def __init__(self, folder: Path, name: str) -> None:
        self.registry = CollectorRegistry()
        self.asked = Counter("asked", "Questions.", ["kind"], registry=self.registry)
        self.waited = Histogram("waited", "Seconds.", buckets=(1,), registry=self.registry)
        self.open = Gauge("open", "Now; # HELP open\nand more.", registry=self.registry)
        self.metrics = SharedMetrics(folder, name, registry=self.registry)

    async def shared(self) -> asyncio.Task[None]:
        """Begin to share, and return the task once the first file is there."""
        task = asyncio.create_task(self.metrics.run())
        for _ in range(200):
            await asyncio.sleep(0.005)
            if list(self.metrics._folder.glob(f"{self.metrics._file.name}")):
                return task
        raise AssertionError("nothing was left")

    def told(self) -> dict[tuple[str, ...], float]:
        """Return what a scraper reads: values by name and labels; each metric comes once."""
        families = list(text_string_to_metric_families(self.metrics.told().decode()))
        names = [family.name for family in families]
        assert len(names) == len(set(names))
        found = [
            ((each.name, *(f"{k}={v}" for k, v in sorted(each.labels.items()))), each.value)
            for family in families
            for each in family.samples
        ]
        assert len(found) == len(dict(found))  # nothing is told twice
        return dict(found)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Process, Process]:
    one, other = Process(tmp_path / "metrics", "a:1"), Process(tmp_path / "metrics", "a:2")
    for number, process in enumerate((one, other), start=1):
        process.asked.labels('query"\n').inc(number)
        process.waited.observe(number)
    return one, other


async def test_a_process_alone_tells_its_own_as_ever(pair: tuple[Process, Process]):
    one, _ = pair

    assert one.metrics.told() == generate_latest(one.registry)


async def test_whoever_is_asked_tells_of_all(pair: tuple[Process, Process]):
    one, other = pair
    tasks = [await one.shared(), await other.shared()]

    assert one.told() == other.told()
    assert one.told()["asked_total", 'kind=query"\n', "process=a:1"] == 1
    assert one.told()["asked_total", 'kind=query"\n', "process=a:2"] == 2
    assert one.told()["waited_bucket", "le=1.0", "process=a:2"] == 0
    assert one.told()["open", "process=a:2"] == 0
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_ends_is_told_no_longer(pair: tuple[Process, Process]):
    one, other = pair
    task = await other.shared()
    assert ("open", "process=a:2") in one.told()

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert one.metrics.told() == generate_latest(one.registry)


async def test_who_was_killed_is_forgotten_after_a_while(pair: tuple[Process, Process]):
    one, other = pair
    other.metrics.leave()
    [file] = (one.metrics._folder).glob("*.prom")
    os.utime(file, (file.stat().st_mtime - GONE_AFTER,) * 2)

    assert one.metrics.told() == generate_latest(one.registry)
    assert not file.exists()


async def test_a_file_that_cannot_be_read_costs_the_others_nothing(pair: tuple[Process, Process]):
    one, other = pair
    other.metrics.leave()
    (one.metrics._folder / "b-3.prom").write_bytes(b"\xff")

    assert ("open", "process=a:2") in one.told()


async def test_without_a_folder_a_process_goes_on(
    pair: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
):
    one, _ = pair
    monkeypatch.setattr(together, "EVERY", 0.001)
    one.metrics._folder.write_text("no folder")
    task = asyncio.create_task(one.metrics.run())
    await asyncio.sleep(0.05)

    assert not task.done()
    assert ("open", "process=a:1") in one.told()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
