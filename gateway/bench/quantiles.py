"""Waiting times, summed up as people quote them.  Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

MILLISECONDS = 1_000


@dataclass(frozen=True, slots=True)
class Waits:
    """How long so many questions waited, in milliseconds."""

    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


def to_waits(seconds: Sequence[float]) -> Waits:
    """Return the quantiles of what was measured; raises `ValueError` for nothing."""
    if not seconds:
        raise ValueError("nothing was measured: give the benchmark more time")
    ordered = sorted(seconds)

    def quantile(share: float) -> float:
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] * MILLISECONDS

    return Waits(len(ordered), quantile(0.50), quantile(0.95), quantile(0.99))
