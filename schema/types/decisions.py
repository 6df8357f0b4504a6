"""What operators have decided about the catalogue: for operators only."""

from collections.abc import Mapping
from datetime import datetime

import strawberry
from strawberry import Parent

from schema.ids import NodeKind, to_global_id
from schema.model import decisions as records
from schema.types.described import described, enumerated, presents

_K = records.CatalogueDecisionKind

enumerated(
    _K,
    {
        _K.LIST_APPROVED: "A held list was applied.",
        _K.LIST_REJECTED: "A held list was discarded.",
        _K.LINK_CONFIRMED: "An offering stays in its course.",
        _K.OFFERING_SPLIT: "An offering got a course of its own.",
        _K.COURSES_MERGED: "Courses became one.",
        _K.INSTITUTIONS_MERGED: "Institutions became one.",
        _K.INSTITUTION_SPLIT: "A name of an institution became one of its own.",
    },
)

# What the operator named, and what came of it.
_NAMED: Mapping[records.CatalogueDecisionKind, tuple[NodeKind, NodeKind]] = {
    _K.LINK_CONFIRMED: (NodeKind.OFFERING, NodeKind.COURSE),
    _K.OFFERING_SPLIT: (NodeKind.OFFERING, NodeKind.COURSE),
    _K.COURSES_MERGED: (NodeKind.COURSE, NodeKind.COURSE),
    _K.INSTITUTIONS_MERGED: (NodeKind.INSTITUTION, NodeKind.INSTITUTION),
    _K.INSTITUTION_SPLIT: (NodeKind.INSTITUTION, NodeKind.INSTITUTION),
}


def _targets(made: Parent[records.CatalogueDecision]) -> list[strawberry.ID]:
    named = _NAMED.get(made.kind)
    plain = made.targets
    return [strawberry.ID(to_global_id(named[0], each) if named else each) for each in plain]


def _outcome(made: Parent[records.CatalogueDecision]) -> strawberry.ID | None:
    named = _NAMED.get(made.kind)
    if named is None or made.outcome is None:
        return None
    return strawberry.ID(to_global_id(named[1], made.outcome))


@presents(records.CatalogueDecision)
class CatalogueDecision:
    """A decision that was carried out."""

    kind: records.CatalogueDecisionKind = described("What was decided.")
    targets: list[strawberry.ID] = described(
        "What the operator named: a run of a list, or the ids of offerings, courses or "
        "institutions.",
        _targets,
    )
    by: str = described("Who decided, by the subject of their token or their login.")
    at: datetime = described("When it was carried out.")
    outcome: strawberry.ID | None = described(
        "The course or institution that was kept or made; null for lists.", _outcome
    )
    about: str | None = described(
        "The code of the partner whose list it was, or the name that was split off."
    )
    reason: str | None = described("Why, in the operator's words; null if they did not say.")
