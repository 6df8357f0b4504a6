"""Short public codes of offerings and sessions, and numbers that sort by time.  Pure.

A code is the first 48 bits of an id in Crockford's base 32: it is derived, so it stays what it
is after every sync, and an index on ids finds it.  Letters and digits that look alike are read
alike.  Who looks a code up says whose it is, and checks that only one thing has it.
"""

from datetime import datetime
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 10
_BITS, _REST = 48, 80
_DIGITS = {letter: value for value, letter in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_LOWEST_REST = 0x5000_8000_0000_0000_0000  # ids are UUIDs of version 5
_HIGHEST_REST = 0x5FFF_BFFF_FFFF_FFFF_FFFF
_ULID_LENGTH = 26


def to_base32(number: int, length: int) -> str:
    """Return a number as so many characters of Crockford's base 32."""
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def public_code(derived_id: str) -> str:
    """Return the code of an offering or a session."""
    return to_base32(UUID(derived_id).int >> _REST, CODE_LENGTH)


def ids_of_code(code: str) -> tuple[str, str] | None:
    """Return the lowest and the highest id that have a code; None for what is no code."""
    digits = [_DIGITS.get(letter) for letter in code.upper()]
    number = 0
    for digit in digits:
        if digit is None:
            return None
        number = number << 5 | digit
    if len(digits) != CODE_LENGTH or number >> _BITS:
        return None
    lowest, highest = (number << _REST | rest for rest in (_LOWEST_REST, _HIGHEST_REST))
    return str(UUID(int=lowest)), str(UUID(int=highest))


def is_code_of(code: str, derived_id: str) -> bool:
    """Return whether a code, however it is written, is that of an id."""
    ids = ids_of_code(code)
    return ids is not None and ids[0] <= derived_id <= ids[1]


def to_ulid(at: datetime, bits: int) -> str:
    """Return a ULID of a moment and 80 random bits."""
    milliseconds = int(at.timestamp() * 1000) & (2**48 - 1)
    return to_base32(milliseconds << 80 | bits, _ULID_LENGTH)
