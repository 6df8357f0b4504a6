"""Who acts, and why: what every operator's act is recorded with."""

from typing import Annotated

from schema.errors import bad_user_input
from schema.model.operating import LONGEST_REASON
from schema.model.viewer import Viewer
from schema.paging import given
from schema.redaction import redacted
from schema.types.described import argument
from schema.types.operating import WHY

Reason = Annotated[str | None, argument(WHY)]


def to_actor(viewer: Viewer) -> str:
    """Return under which name a viewer's doings are recorded."""
    return viewer.subject or "operator"


def checked_reason(text: str, longest: int = LONGEST_REASON) -> str | None:
    """Return a reason as it is kept, or None for one that cannot be.

    It is kept for good, so what looks like a national id is left out.
    """
    said = text.strip()
    return redacted(said) if 0 < len(said) <= longest and said.isprintable() else None


def to_reason(text: str | None) -> str | None:
    """Return a reason that need not be told, as it is kept.  Raises BAD_USER_INPUT."""
    said = given(text)
    return None if said is None else needed_reason(said)


def needed_reason(text: str | None) -> str:
    """Return a reason that must be told, as it is kept.  Raises BAD_USER_INPUT."""
    kept = checked_reason(given(text) or "")
    if kept is None:
        raise bad_user_input(f"`reason` is 1 to {LONGEST_REASON} printable characters")
    return kept
