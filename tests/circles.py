"""What refers to itself in a circle stays until garbage is looked for, and takes room till then."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MANY = 20  # turns: what each left would be found so many times


@contextmanager
def leaving_none_behind() -> Iterator[range]:
    """Give as many turns as the block is to take; fail if each has left something in a circle."""
    gc.collect()
    gc.disable()
    try:
        yield range(MANY)
        found = gc.collect()
    finally:
        gc.enable()
    assert found < MANY, f"{found} objects were left in circles by {MANY} turns"
