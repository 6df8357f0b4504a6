"""On what a benchmark ran: figures of different machines are not compared."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("uvicorn", "httptools", "uvloop", "strawberry-graphql", "graphql-core", "orjson")
_PROCESSOR = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Machine:
    """What tells one machine from another, and how busy it was with other work."""

    processor: str
    cores: int
    python: str
    system: str
    versions: Mapping[str, str]
    load: float | None  # of the minute before; None where nobody tells

    def __str__(self) -> str:
        """Return it in a line."""
        return f"{self.cores} cores of {self.processor}, Python {self.python}, {self.system}"


def this_machine() -> Machine:
    """Return what this machine says of itself."""
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        versions={name: _version(name) for name in _PACKAGES},
        load=round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    )


def _processor() -> str:
    try:
        told = _PROCESSOR.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or "unknown"
    models = (line.partition(":")[2].strip() for line in told.splitlines() if "model name" in line)
    return next(models, platform.processor() or "unknown")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"
