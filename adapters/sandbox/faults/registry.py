"""Every fault that the sandbox knows, and what must come of each: the matrix as data.

The numbers are those of series C, D and E of the programme's list of faults.
"""

from adapters.sandbox.faults.answering import ONCE, STATUSES
from adapters.sandbox.faults.booking import BOOKINGS
from adapters.sandbox.faults.kinds import Fault
from adapters.sandbox.faults.listing import LISTS, POISON
from adapters.sandbox.faults.reaching import UNREACHABLE, WIRE

ANY_FORMAT: tuple[Fault, ...] = (*UNREACHABLE, *WIRE, *STATUSES, *BOOKINGS)
FAULTS: tuple[Fault, ...] = (*UNREACHABLE, *WIRE, *STATUSES, *ONCE, *LISTS, *POISON, *BOOKINGS)
_BY_NAME = {fault.name: fault for fault in FAULTS}


class UnknownFaultError(LookupError):
    """The sandbox knows no such fault; the message says how to see those that it knows."""


def fault_named(name: str) -> Fault:
    """Return the fault of this name.  Raises `UnknownFaultError`."""
    if name not in _BY_NAME:
        raise UnknownFaultError(f"no fault is called {name!r}; `mitra sandbox faults` lists them")
    return _BY_NAME[name]
