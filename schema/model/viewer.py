"""Who is asking: not always a learner, and often nobody that we know."""

from dataclasses import dataclass
from enum import StrEnum

from schema.model.values import LearnerId, PartnerCode


class Role(StrEnum):
    """What a token allows its bearer to be."""

    LEARNER = "learner"
    PARTNER = "partner"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whoever asks; `learner` is set when the token is a learner's, `partner` when a partner's.

    `subject` is the token's own, for the records of what operators do.  `scopes` are what it was
    given for, as OAuth has them.  Without a token nothing is set.
    """

    roles: frozenset[Role] = frozenset()
    learner: LearnerId | None = None
    subject: str | None = None
    partner: PartnerCode | None = None
    scopes: frozenset[str] = frozenset()


ANONYMOUS = Viewer()


@dataclass(frozen=True, slots=True)
class Learner:
    """A person who takes courses, known by the opaque subject of their token alone."""

    id: LearnerId
