"""What operators have decided about the catalogue, and who: kept for good."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CatalogueDecisionKind(StrEnum):
    """What was decided."""

    LIST_APPROVED = "LIST_APPROVED"
    LIST_REJECTED = "LIST_REJECTED"
    LINK_CONFIRMED = "LINK_CONFIRMED"
    OFFERING_SPLIT = "OFFERING_SPLIT"
    COURSES_MERGED = "COURSES_MERGED"
    INSTITUTIONS_MERGED = "INSTITUTIONS_MERGED"
    INSTITUTION_SPLIT = "INSTITUTION_SPLIT"


@dataclass(frozen=True, slots=True)
class CatalogueDecision:
    """One decision that was carried out.

    `targets` are what the operator named: a run, or ids of offerings, courses or
    institutions.  `outcome` is the id of the course or institution that was kept or made, and
    `about` the partner of a list, or the name that was split off.  Of
    old ones no `reason` is known.
    """

    kind: CatalogueDecisionKind
    targets: tuple[str, ...]
    by: str
    at: datetime
    outcome: str | None = None
    about: str | None = None
    reason: str | None = None
