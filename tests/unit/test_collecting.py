"""Garbage is looked for seldom, and what stays is not looked through."""

import gc
import platform
import subprocess
import sys
from weakref import ref

import pytest

from gateway import collecting


@pytest.fixture(autouse=True)
def _as_before():
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)


def test_what_was_there_is_not_looked_through():
    kept = [[]]

    collecting.keep()

    assert not any(each is kept for each in gc.get_objects())


def test_as_many_objects_as_a_thousand_connections_hold_cause_no_full_collection():
    collecting.collect_seldom()
    full = gc.get_stats()[2]["collections"]

    held = [[] for _ in range(300_000)]

    assert len(held) == 300_000
    assert gc.get_stats()[2]["collections"] == full


class Node:
    """What may stand in a circle."""

    def __init__(self):
        self.itself = self


@pytest.mark.anyio
async def test_what_the_first_minutes_bring_is_kept_and_garbage_is_not(monkeypatch):
    waited, held = [], []
    garbage = [ref(Node())]

    async def sleep(seconds):
        waited.append(seconds)
        held.append([seconds])

    monkeypatch.setattr(collecting.asyncio, "sleep", sleep)

    await collecting.keep_what_settles()

    assert waited == sorted(waited)
    assert garbage[0]() is None
    looked_through = {id(each) for each in gc.get_objects()}
    assert not any(id(each) in looked_through for each in held)


KEEPS = """
import ctypes, sys
from gateway import collecting
if sys.argv[1] == "told":
    collecting.give_back_soon()
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype = ctypes.c_void_p
malloc.argtypes, free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
def held():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmRSS")).split()[1])
def block(size):
    at = malloc(size)
    ctypes.memset(at, 1, size)
    return at
free(block(20_000_000))  # from now on blocks of this size are kept
before = held()
blocks = [(block(1_000_000), block(50_000)) for _ in range(50)]
for large, _ in blocks:
    free(large)
print(held() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_what_is_freed_goes_back_to_the_system():
    kept = {
        how: int(subprocess.check_output([sys.executable, "-c", KEEPS, how]))
        for how in ("untold", "told")
    }

    assert kept["untold"] > 40_000, "glibc gives back by itself: nothing needs to be told"
    assert kept["told"] < 5_000  # kilobytes
