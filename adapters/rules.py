"""What a partner's statuses and error codes mean, where HTTP alone does not say it.  Pure.

A manifest's `[[errors]]` become `ErrorRules`: the first rule that fits wins, and
without a fitting rule the status means what HTTP says (`adapters/http.py`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase


class Meaning(StrEnum):
    """What an answer means to us, whatever its status is.

    REFUSED is about what was asked, and final.  UNAUTHORISED and FORBIDDEN are about us: the first
    is worth a new token, where there are tokens.
    """

    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    THROTTLED = "throttled"
    CONTRACT = "contract"
    CURSOR_EXPIRED = "cursor_expired"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """One line of the table: `status` None is any, `code` is a glob ("ORD_*") or None."""

    means: Meaning
    status: int | None = None
    code: str | None = None

    def fits(self, status: int, code: str | None) -> bool:
        """Return whether an answer of this status and code falls under the rule."""
        if self.status not in (None, status):
            return False
        return self.code is None or (bool(code) and fnmatchcase(code or "", self.code))


@dataclass(frozen=True, slots=True)
class ErrorRules:
    """A partner's whole table, and where in a JSON body its error code stands."""

    rules: tuple[ErrorRule, ...] = ()
    code_at: str | None = None

    def meaning(self, status: int, body: bytes) -> Meaning | None:
        """Return what the answer means by the first rule that fits, or None."""
        candidates = [rule for rule in self.rules if rule.status in (None, status)]
        if not candidates:
            return None
        code = self.code(body)
        return next((rule.means for rule in candidates if rule.fits(status, code)), None)

    def code(self, body: bytes) -> str | None:
        """Return the partner's error code in `body`, cut to 60 characters, if there is one."""
        if self.code_at is None:
            return None
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            return None
        for step in self.code_at.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        return str(found)[:60] if isinstance(found, str | int) and found != "" else None


NO_RULES = ErrorRules()
