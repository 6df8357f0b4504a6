"""What must come of a fault, and to which partners it does not apply."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypedDict

from adapters.sandbox.faults.anatomy import ANATOMIES


class Expected(StrEnum):
    """What must come of a fault: of a page, of a whole list, or of a booking.

    UNAVAILABLE to AMBIGUOUS are the errors of `adapters/errors.py`.
    """

    UNAVAILABLE = "unavailable"
    CONTRACT = "contract"
    THROTTLED = "throttled"
    REFUSED = "refused"
    NO_ACCESS = "no access"
    CURSOR_EXPIRED = "cursor expired"
    AMBIGUOUS = "ambiguous"  # a booking that `find` settles
    READ = "read"  # as if nothing were
    QUARANTINED = "row quarantined"  # and the others read
    DUPLICATE = "last one counts"
    HELD = "list held"  # for an operator; the last good one stays
    STOPPED = "list refused"  # the last good one stays
    CLEANED = "cleaned"  # stored, and harmless
    BOOKED = "booked once"


class Must(TypedDict, total=False):
    """What must come of reading a page, and of enrolling."""

    page: Expected
    booking: Expected


DOWN: Must = {"page": Expected.UNAVAILABLE, "booking": Expected.UNAVAILABLE}  # nothing was sent
LOST: Must = {"page": Expected.UNAVAILABLE, "booking": Expected.AMBIGUOUS}
NONSENSE: Must = {"page": Expected.CONTRACT, "booking": Expected.AMBIGUOUS}
THROTTLED: Must = {"page": Expected.THROTTLED, "booking": Expected.THROTTLED}
NO_ACCESS: Must = {"page": Expected.NO_ACCESS, "booking": Expected.NO_ACCESS}

PAGELESS: Mapping[str, Expected | None] = {
    code: None for code, anatomy in ANATOMIES.items() if not anatomy.has_pages
}

PAGED: Mapping[str, Expected | None] = {code: None for code in ANATOMIES if code not in PAGELESS}


def without(part: str) -> dict[str, Expected | None]:
    """Return the partners whose format has no such part: the fault does not apply to them."""
    return {code: None for code, each in ANATOMIES.items() if getattr(each, part) is None}
