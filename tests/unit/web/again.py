"""Answers that are given again: what is asked for them, and how many came by the hot path."""

from gateway.telemetry import REGISTRY
from tests.unit.web.wire import post

TITLES = {"query": "query Titles { courses { nodes { title summary offerings { url } } } }"}
LONG = {
    "query": "{ courses { nodes { id title summary languages deliveryModes institution { id name } "
    "offerings { id url remoteId bundle enrolmentMode price { amount currency } } } } }"
}
PACKED = post(LONG, accept_encoding="gzip, zstd")


def finished() -> float:
    """Return how many answers the hot path gave."""
    told = {"cache": "answers", "outcome": "finished"}
    return REGISTRY.get_sample_value("mitra_cache_reads_total", told) or 0.0
