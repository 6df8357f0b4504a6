"""Global ids: opaque and url-safe, they say which type of thing they name.

A global id is the base64url of "Kind:plain id", unpadded.  Whatever we did not make
ourselves names nothing, and that is no error.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache, partial

_LONGEST = 2_000  # characters; longer ones are not ours
_MOST_KEPT = 16_384  # of each kind


class NodeKind(StrEnum):
    """The types that `node` can find."""

    COURSE = "Course"
    OFFERING = "Offering"
    SESSION = "Session"
    INSTITUTION = "Institution"
    PARTNER = "Partner"
    LEARNER = "Learner"
    ENROLMENT = "Enrolment"


def to_global_id(kind: NodeKind, plain: str) -> str:
    """Return the global id of the `kind` of thing that we call `plain`."""
    return _MAKERS[kind](plain)


def global_ids_of(kind: NodeKind) -> Callable[[str], str]:
    """Return what makes global ids of one kind of thing."""
    return _MAKERS[kind]


def _to_global_id(kind: NodeKind, plain: str) -> str:
    return urlsafe_b64encode(f"{kind}:{plain}".encode()).rstrip(b"=").decode("ascii")


def _maker(kind: NodeKind) -> Callable[[str], str]:
    """Return what remembers its ids, as every list is full of them; but not what is somebody's."""
    make = partial(_to_global_id, kind)
    return make if kind in {NodeKind.LEARNER, NodeKind.ENROLMENT} else lru_cache(_MOST_KEPT)(make)


_MAKERS = {kind: _maker(kind) for kind in NodeKind}


def from_global_id(text: str) -> tuple[NodeKind, str] | None:
    """Return what `text` names, or None if it is not a global id of ours."""
    if len(text) > _LONGEST:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        kind, _, plain = urlsafe_b64decode(padded).decode().partition(":")
        named = NodeKind(kind), plain
    except ValueError:
        return None
    genuine = _to_global_id(*named) == text and plain.isprintable()
    return named if genuine and plain else None


def plain_id(kind: NodeKind, text: str) -> str | None:
    """Return our own id of the `kind` of thing that `text` names; None if it names another."""
    named = from_global_id(text)
    return named[1] if named and named[0] is kind else None
