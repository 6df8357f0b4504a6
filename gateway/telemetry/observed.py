"""One GraphQL operation as it was seen: what may be said of it, and how names are made harmless.

Whoever learns something of an operation writes it into its `Observed`; nothing of what is
written is a variable or a value of an answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from schema.redaction import redacted

OTHER = "other"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9 ._@/-]{0,49}")


@dataclass(slots=True)
class Observed:
    """What is known of an operation so far.

    `name` is the operation's in its document, `kind` query, mutation or subscription, `status`
    the answer's over HTTP, `codes` the `extensions.code` of its errors, `cost` its points.
    `is_refused` says that it was not run, `is_gone` that its client has left.
    """

    client: str | None = None
    name: str | None = None
    kind: str | None = None
    status: int | None = None
    codes: Sequence[str] = field(default_factory=list)
    cost: int | None = None
    is_refused: bool = False
    is_gone: bool = False

    @property
    def outcome(self) -> str:
        """One word for what came of it."""
        if self.is_gone:
            return "gone"
        if (self.status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR or "INTERNAL" in self.codes:
            return "failed"
        if self.is_refused or (self.status or 0) >= HTTPStatus.BAD_REQUEST:
            return "refused"
        return "errors" if self.codes else "ok"


def to_client(header: bytes | None) -> str | None:
    """Return a client's name as it may be written down."""
    return None if header is None else _harmless(header.decode("latin-1").strip())


def to_operation(name: str | None) -> str | None:
    """Return an operation's name as it may be written down."""
    return None if name is None else _harmless(name)


def _harmless(name: str) -> str:
    """Return a short name as it is; `other` for what is none, or may be a national id."""
    return name if _NAME.fullmatch(name) and redacted(name) == name else OTHER
