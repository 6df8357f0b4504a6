"""The catalogue as if only what is fresh enough were sold.  Pure."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

import numpy as np

from gateway.catalogue.facets import Flags
from gateway.catalogue.merge import delivery_modes, lowest_price
from gateway.catalogue.places import HAS_A_PLACE
from gateway.catalogue.snapshot import Snapshot
from schema.availability import Closed, course_availability
from schema.model.catalogue import Course
from schema.model.values import PartnerCode, SessionId
from schema.ports import CourseQuery, Facet, FacetName, FreshOfferings

_NOBODY = PartnerCode("-")  # a code that no partner has


def narrowed(course: Course, fresh: FreshOfferings) -> Course:
    """Return `course` with its fresh offerings alone, and what follows from them."""
    kept = tuple(offering for offering in course.offerings if offering in fresh)
    if len(kept) == len(course.offerings):
        return course
    return replace(
        course,
        offerings=kept,
        lowest_price=lowest_price(kept),
        delivery_modes=delivery_modes(kept),
    )


def asking_for(fresh: FreshOfferings, query: CourseQuery) -> CourseQuery:
    """Return `query` for partners alone whose lists are fresh."""
    asked = query.filter.partners
    wanted = fresh.partners.intersection(asked) if asked else fresh.partners
    partners = tuple(sorted(wanted)) or (_NOBODY,)  # none at all would mean any
    return replace(query, filter=replace(query.filter, partners=partners))


def courses_with(
    fresh: FreshOfferings, snapshot: Snapshot, partners: Collection[PartnerCode] = ()
) -> Flags:
    """Return, by slot, who has a fresh offering, of `partners` if any are named."""
    flags = np.zeros(len(snapshot.entries), np.bool_)
    flags[snapshot.columns.having(FacetName.PARTNER, fresh.partners)] = True
    for course_id in {snapshot.course_of.get(offering_id) for offering_id in fresh.held_back}:
        slot = None if course_id is None else snapshot.slot(course_id)
        if slot is not None:
            flags[slot] = any(
                each in fresh and (not partners or each.partner in partners)
                for each in snapshot.course_at(slot).offerings
            )
    return flags


def available(
    fresh: FreshOfferings,
    snapshot: Snapshot,
    places: Flags,
    taken: Callable[[SessionId], int],
    now: datetime,
) -> Flags:
    """Return which of `places`, by slot, are at a fresh offering."""
    flags = places.copy()
    for slot in np.flatnonzero(places):
        course = snapshot.course_at(int(slot))
        kept = narrowed(course, fresh)
        if kept is not course:
            flags[slot] = course_availability(kept, taken, now) in HAS_A_PLACE
    return flags


def without_closed(
    closed: Closed,
    snapshot: Snapshot,
    places: Flags,
    taken: Callable[[SessionId], int],
    now: datetime,
) -> Flags:
    """Return which of `places`, by slot, are not at partners that are closed."""
    flags = places.copy()
    theirs = snapshot.columns.having(FacetName.PARTNER, closed)
    for slot in theirs[places[theirs]]:
        course = snapshot.course_at(int(slot))
        flags[slot] = course_availability(course, taken, now, closed) in HAS_A_PLACE
    return flags


def without_stale(facet: Facet, fresh: FreshOfferings) -> Facet:
    """Return `facet` without the partners that a filter would find nothing of."""
    if facet.name is not FacetName.PARTNER:
        return facet
    return Facet(facet.name, [each for each in facet.buckets if each.value in fresh.partners])
