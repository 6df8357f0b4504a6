"""For how long a public field's value holds: what it is made of beside the catalogue, on one page.

Finished answers are shared as long as nothing that they are made of can have changed.  All are
made of the catalogue of one revision; a field that reads more says so here, and so does an
argument that makes its field read more.  A field that nobody has named is taken to read all there
is, so that forgetting one costs speed and never the truth.  `tests/unit/schema/test_lasting.py`
asks each field that lasts in two worlds that differ in everything else.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Flag, auto
from typing import Any


class Reads(Flag):
    """What a value is made of beside the catalogue of its revision."""

    PARTNERS = auto()  # how partners stand: their states and health, the ages of their lists
    CLOCK = auto()  # the instant at which it is asked
    SEATS = auto()  # the places taken through us
    LIVE = auto()  # what a partner says when asked, or not the same for all: never shared


NOTHING_ELSE = Reads(0)
ALL_AROUND = Reads.PARTNERS | Reads.CLOCK | Reads.SEATS

LASTING: Mapping[str, str] = {  # the fields that read nothing else, by type
    "Category": "code name",
    "Course": "id title summary descriptionHtml institution category level languages "
    "durationMinutes lowestPrice deliveryModes offerings rating ratingCount imageUrl withdrawn",
    "CourseConnection": "edges nodes pageInfo totalCount facets revision",
    "CourseEdge": "node cursor snippet",
    "Facet": "name buckets",
    "FacetBucket": "value label count",
    "Institution": "id name courses partners",
    "InstitutionConnection": "edges nodes pageInfo totalCount",
    "InstitutionEdge": "node cursor",
    "Money": "amount currency",
    "Node": "id",
    "Offering": "id course partner remoteId url price deliveryMode bundle sessions "
    "enrolmentMode code",
    "PageInfo": "hasNextPage hasPreviousPage startCursor endCursor",
    "Partner": "id code name kind",
    "Query": "_service course courseSuggestions courses institutions partner partners",
    "Session": "id code startsAt endsAt enrolmentStartsAt enrolmentEndsAt purchaseEndsAt venue "
    "capacity",
    "Snippet": "text html",
    "Suggestion": "text kind",
    "Venue": "name address regionCode regionName",
    "_Service": "sdl",
}

MOVING: Mapping[str, Mapping[str, Reads]] = {  # what others read, where it is not all there is
    "CourseConnection": {"coverage": Reads.PARTNERS},
    "Coverage": {"complete": Reads.PARTNERS, "missing": Reads.PARTNERS},
    "Freshness": dict.fromkeys(("fetchedAt", "state", "reason"), Reads.PARTNERS),
    "MissingPartner": dict.fromkeys(("partner", "since", "reason", "lastGoodAt"), Reads.PARTNERS),
    "Offering": {"freshness": Reads.PARTNERS, "quote": Reads.LIVE},
    "Partner": dict.fromkeys(("state", "health", "freshness", "offeringCount"), Reads.PARTNERS),
    "Query": {"__schema": Reads.LIVE, "__type": Reads.LIVE},  # told to some
    "Session": {"seatsLeft": Reads.SEATS, "availability": ALL_AROUND},
}


def _of_max_age(seconds: object) -> Reads:
    return NOTHING_ELSE if seconds is None else Reads.PARTNERS | Reads.CLOCK


def _of_upcoming(upcoming: object) -> Reads:
    return Reads.CLOCK if upcoming else NOTHING_ELSE


def _of_sort(sort: object) -> Reads:
    name = getattr(sort, "name", sort)  # as an enum's member, or as it was sent
    return Reads.CLOCK if name == "STARTS_SOONEST" else NOTHING_ELSE


def _of_filter(wanted: Any) -> Reads:
    return ALL_AROUND if wanted and wanted.get("availableOnly") else NOTHING_ELSE


ARGUMENTS: Mapping[tuple[str, str], Mapping[str, Callable[[Any], Reads]]] = {
    ("Course", "offerings"): {"maxAge": _of_max_age},
    ("Offering", "sessions"): {"upcoming": _of_upcoming},
    ("Query", "courses"): {"filter": _of_filter, "maxAge": _of_max_age, "sort": _of_sort},
}

_READS = {(kind, name): NOTHING_ELSE for kind, names in LASTING.items() for name in names.split()}
_READS |= {(kind, name): reads for kind, fields in MOVING.items() for name, reads in fields.items()}


def reads_of(type_name: str, field_name: str) -> Reads:
    """Return what a field's value is made of, its arguments aside."""
    if field_name == "__typename" or type_name.startswith("__"):
        return NOTHING_ELSE
    return _READS.get((type_name, field_name), ALL_AROUND)


def united(several: Iterable[Reads]) -> Reads:
    """Return all that several values are made of together."""
    found = NOTHING_ELSE
    for each in several:
        found |= each
    return found
