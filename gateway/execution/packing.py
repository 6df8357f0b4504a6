"""Answers in fewer bytes, if the client can read them and it is worth the while.

An answer never holds a secret beside what a stranger chose: nobody's browser can be made to
send a bearer token, so its length tells nobody anything.
"""

import asyncio
import zlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache

from backports import zstd

SMALLEST = 1_000  # bytes; below it one packet carries the answer anyway
LONGEST_AT_ONCE = 100_000  # bytes that are packed within a millisecond or two
_GZIP_LEVEL = 5
_ZSTD_LEVEL = 3
_GZIP_WINDOW = 31


class Encoding(StrEnum):
    """What we pack with; of those that a client takes alike, the first is used."""

    ZSTD = "zstd"
    GZIP = "gzip"


def is_small(body: bytes) -> bool:
    """Return whether a body is better sent as it is."""
    return len(body) < SMALLEST


async def pack(body: bytes, encoding: Encoding) -> bytes:
    """Return a packed body; a long one is packed beside the event loop."""
    if len(body) <= LONGEST_AT_ONCE:
        return pack_at_once(body, encoding)
    return await asyncio.to_thread(_PACKERS[encoding], body)


def pack_at_once(body: bytes, encoding: Encoding) -> bytes:
    """Return a packed body; nobody else is served meanwhile."""
    return (_zstd_again if encoding is Encoding.ZSTD else _gzip)(body)


def unpack(packed: bytes, encoding: Encoding) -> bytes:
    """Return what we packed: it is believed, however long it says to be."""
    if encoding is Encoding.ZSTD:
        return zstd.decompress(packed)
    return zlib.decompress(packed, _GZIP_WINDOW)


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    return packer.compress(body) + packer.flush()


def _zstd(body: bytes) -> bytes:
    return zstd.compress(body, _ZSTD_LEVEL)


def _zstd_again(body: bytes) -> bytes:
    """Pack with what is there from the last time: its tables take longer to get than to use."""
    packer = _zstd_packer()
    try:
        return packer.compress(body, packer.FLUSH_FRAME)
    except BaseException:
        _zstd_packer.cache_clear()  # what it has begun is nothing to go on with
        raise


@cache
def _zstd_packer() -> zstd.ZstdCompressor:
    return zstd.ZstdCompressor(_ZSTD_LEVEL)


_PACKERS: Mapping[Encoding, Callable[[bytes], bytes]] = {
    Encoding.GZIP: _gzip,
    Encoding.ZSTD: _zstd,
}
