"""Bodies are packed with what is there from the last time, and each is whole by itself."""

import zlib

import pytest
from backports import zstd

from gateway.execution import packing
from gateway.execution.packing import Encoding, pack_at_once, unpack

BODIES = [b'{"data":{"n":%d,"title":"%b"}}' % (n, b"Barista " * 300 * n) for n in range(6)]


@pytest.mark.parametrize("encoding", Encoding)
def test_what_was_packed_is_unpacked(encoding):
    assert [unpack(pack_at_once(each, encoding), encoding) for each in BODIES] == BODIES


def test_each_body_is_whole_by_itself_whatever_was_packed_before():
    packed = [pack_at_once(each, Encoding.ZSTD) for each in BODIES]

    assert [zstd.decompress(each) for each in reversed(packed)] == BODIES[::-1]
    assert packed == [zstd.compress(each, 3) for each in BODIES]  # and tells how long it is
    assert zlib.decompress(pack_at_once(BODIES[0], Encoding.GZIP), 31) == BODIES[0]


def test_a_packer_that_was_stopped_halfway_is_not_used_again(monkeypatch):
    class Stopped:
        FLUSH_FRAME = zstd.ZstdCompressor.FLUSH_FRAME

        def __init__(self, _level: int) -> None:
            pass

        def compress(self, _body: bytes, _mode: int) -> bytes:
            raise MemoryError

    packing._zstd_packer.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(zstd, "ZstdCompressor", Stopped)
        with pytest.raises(MemoryError):
            pack_at_once(BODIES[0], Encoding.ZSTD)

    assert zstd.decompress(pack_at_once(BODIES[1], Encoding.ZSTD)) == BODIES[1]
