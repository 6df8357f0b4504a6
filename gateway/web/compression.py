"""Which packing a client takes, and likes best."""

from functools import lru_cache

from gateway.execution.packing import Encoding
from gateway.web.negotiation import preferences


@lru_cache(maxsize=256)
def choose_encoding(accepted: str | None) -> Encoding | None:
    """Return what to pack with, from an `Accept-Encoding` header; None is not at all."""
    wanted = dict(preferences(accepted or ""))
    others = wanted.get("*", 0.0)
    ranked = [(wanted.get(each, others), each is Encoding.ZSTD, each) for each in Encoding]
    quality, _, best = max(ranked)
    return best if quality > 0 else None
