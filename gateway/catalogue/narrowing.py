"""The catalogue as if only what is fresh enough were sold.  Pure."""

from collections.abc import Collection
from dataclasses import replace

from gateway.catalogue.bits import members, to_mask
from gateway.catalogue.merge import delivery_modes, lowest_price
from gateway.catalogue.snapshot import Snapshot
from schema.model.catalogue import Course
from schema.model.values import PartnerCode
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
) -> int:
    """Return the set of courses that have a fresh offering, of `partners` if any are named."""
    found = snapshot.columns.having(FacetName.PARTNER, fresh.partners)
    if not fresh.held_back:
        return found
    touched = {snapshot.course_of.get(offering_id) for offering_id in fresh.held_back}

    def is_kept(course: Course) -> bool:
        return course.id not in touched or any(
            each in fresh and (not partners or each.partner in partners)
            for each in course.offerings
        )

    kept = (n for n in members(found) if is_kept(snapshot.entries[n].course))
    return to_mask(kept, len(snapshot.entries))


def without_stale(facet: Facet, fresh: FreshOfferings) -> Facet:
    """Return `facet` without the partners that a filter would find nothing of."""
    if facet.name is not FacetName.PARTNER:
        return facet
    return Facet(facet.name, [each for each in facet.buckets if each.value in fresh.partners])
