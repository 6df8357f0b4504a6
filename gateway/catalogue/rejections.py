"""What cannot become a row, with its reason: nothing is lost silently.  Pure."""

from adapters.base import Rejection
from gateway.catalogue.cleaning import clean_name
from schema.model.catalogue import Offering, Session
from schema.model.values import PartnerCode

KEY_LENGTH = 255
RAW_LENGTH = 2_000
REASON_LENGTH = 500
MOST_COUNTED = 2**31 - 1
MOST_COINS = 10**15  # exact in every client's numbers


def to_rejection(row: int, key: str, reason: Exception | str, record: object) -> Rejection:
    """Return why the page's row `row` cannot be stored."""
    return storable(Rejection(row=row, key=key, reason=str(reason), raw=repr(record)))


def storable(rejection: Rejection) -> Rejection:
    """Return `rejection` as every database takes it, and not endless; its reason can be printed."""
    return Rejection(
        row=rejection.row,
        key=storable_key(rejection.key),
        reason=clean_name(rejection.reason, REASON_LENGTH),
        raw=storable_text(rejection.raw)[:RAW_LENGTH],
    )


def storable_key(key: str | None) -> str | None:
    """Return `key` if rows may have it, else None."""
    try:
        return checked_key(key) if key is not None else None
    except ValueError:
        return None


def storable_text(text: str) -> str:
    """Return `text` as every database takes it: no NUL, no lone surrogates."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def check_owner(partner: PartnerCode, key: str, owner: PartnerCode) -> None:
    """Refuse what belongs to another partner: nobody lists in another's name."""
    if owner != partner:
        raise ValueError(f"belongs to partner {owner!r}, not to {partner!r}, which listed it")
    checked_key(key)


def check_numbers(offering: Offering) -> None:
    """Refuse numbers that clients cannot read (GraphQL's are of 32 bits), and negative ones."""
    for price in (offering.price, offering.list_price):
        if price is not None and not 0 <= price.amount <= MOST_COINS:
            raise ValueError("its price is negative, or more than anything costs")
    _check_counts(offering.listed.duration_minutes, offering.listed.rating_count)
    for session in offering.sessions:
        check_seats(session)


def check_seats(session: Session) -> None:
    """Refuse numbers of seats that clients cannot read."""
    _check_counts(session.capacity, session.seats_left)


def _check_counts(*counts: int | None) -> None:
    if any(count is not None and not 0 <= count <= MOST_COUNTED for count in counts):
        raise ValueError(f"a count must be a number from 0 to {MOST_COUNTED}")


def checked_key(key: str) -> str:
    """Return `key`.  Raises `ValueError` for one that no row may have."""
    if not key or len(key) > KEY_LENGTH or not key.isprintable():
        raise ValueError(f"its key must be 1 to {KEY_LENGTH} printable characters")
    return key
