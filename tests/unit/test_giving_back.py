"""What is free in the middle of a heap goes back to the system, too."""

import asyncio
import platform
import subprocess
import sys

import pytest

from gateway.giving_back import EVERY_SECONDS, give_back

pytestmark = pytest.mark.anyio

HOLES = """
import ctypes
from gateway.giving_back import give_back_now
malloc, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
malloc.restype = ctypes.c_void_p
malloc.argtypes, free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
def held():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmRSS")).split()[1])
def block(size):
    at = malloc(size)
    ctypes.memset(at, 1, size)
    return at
blocks = [(block(60_000), block(100)) for _ in range(500)]
for large, _ in blocks:
    free(large)
before = held()
give_back_now()
print(before - held())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are not told")
def test_what_is_free_between_what_is_used_is_given_back():
    told = subprocess.run(
        [sys.executable, "-c", HOLES], check=True, capture_output=True, text=True, timeout=60
    )

    assert int(told.stdout) > 20_000  # of 30,000 kB


async def test_it_is_given_back_again_and_again():
    waited: list[float] = []
    given: list[int] = []

    async def sleep(seconds: float) -> None:
        if len(waited) == 3:
            raise asyncio.CancelledError
        waited.append(seconds)

    with pytest.raises(asyncio.CancelledError):
        await give_back(lambda: given.append(len(waited)), sleep)

    assert waited == [EVERY_SECONDS] * 3
    assert given == [1, 2, 3]
