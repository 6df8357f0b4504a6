"""Who acts, and why: what every operator's act is recorded with."""

from schema.model.operating import LONGEST_REASON
from schema.model.viewer import Viewer


def to_actor(viewer: Viewer) -> str:
    """Return under which name a viewer's doings are recorded."""
    return viewer.subject or "operator"


def checked_reason(text: str, longest: int = LONGEST_REASON) -> str | None:
    """Return a reason as it is kept, or None for one that cannot be."""
    said = text.strip()
    return said if 0 < len(said) <= longest and said.isprintable() else None
