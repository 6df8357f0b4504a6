"""What blocks leave of the courses in memory.  Pure.

A block that covers very many courses mostly leaves nothing of them: they are hidden, which costs
next to nothing.  Of what it leaves a part, that part is worked out like any other change; until
then nothing is shown that is blocked.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from gateway.catalogue.entries import Entry, with_left
from gateway.catalogue.facets import Flags
from gateway.catalogue.in_force import InForce, StoredBlocks
from gateway.catalogue.rates import Rates
from gateway.catalogue.snapshot import Snapshot
from schema.model.blocks import BlockScope
from schema.model.catalogue import Offering
from schema.model.values import CourseId, OfferingId
from schema.ports import FacetName

_QUICKLY_FOUND = frozenset({
    BlockScope.COURSE, BlockScope.OFFERING, BlockScope.PARTNER, BlockScope.INSTITUTION,
})  # fmt: skip


def under(
    entries: Iterable[Entry], blocks: InForce, rates: Rates
) -> tuple[list[Entry], list[CourseId]]:
    """Return courses as the blocks leave them, and which are to be hidden."""
    found, hidden = list[Entry](), list[CourseId]()
    for entry in entries:
        left = blocks.left_of(entry)
        is_right = _same(entry.course.offerings, left or entry.listed)
        found.append(entry if is_right else with_left(entry, left or entry.listed, rates))
        if entry.listed and not left:
            hidden.append(entry.course.id)
    return found, hidden


def veiled(snapshot: Snapshot, blocks: InForce, stored: StoredBlocks | None = None) -> Snapshot:
    """Return what may be shown of a snapshot at once under other blocks.

    `stored` are those that its revision has, if that is news.
    """
    veil, hidden = snapshot.veil, snapshot.hidden
    if stored is not None:
        veil = replace(veil, stored=stored)
    if blocks.values != veil.in_force.values:
        hidden, behind = _judged(snapshot, blocks)
        veil = replace(veil, behind=behind)
    return snapshot.veiled(replace(veil, in_force=blocks), hidden)


def caught_up(snapshot: Snapshot, rates: Rates) -> Snapshot:
    """Return a snapshot after the courses that are behind its blocks have been worked out."""
    veil = snapshot.veil
    behind = [entry for each in veil.behind if (entry := snapshot.entry(each))]
    come, hidden = under(behind, veil.in_force, rates)
    return snapshot.changed(snapshot.revision, come, (), snapshot.redirects, hidden=hidden)


def _judged(snapshot: Snapshot, blocks: InForce) -> tuple[Flags, frozenset[CourseId]]:
    """Return which slots are to be hidden, and which courses might show more, or less."""
    hidden, behind = snapshot.hidden.copy(), set(snapshot.veil.behind)
    entries = snapshot.entries
    for slot in _concerned(snapshot, blocks.differing(snapshot.veil.in_force)):
        entry = entries[slot]
        if entry is None:
            continue
        left, shown = blocks.left_of(entry), entry.course.offerings
        hidden[slot] = not left or not _is_part(shown, left)
        if _same(shown, left or entry.listed):
            behind.discard(entry.course.id)
        else:
            behind.add(entry.course.id)
    return hidden, frozenset(behind)


def _concerned(
    snapshot: Snapshot, differing: Mapping[BlockScope, Collection[str]]
) -> Iterable[int]:
    """Return the slots of all courses, or of those that blocks which came or went may name."""
    if any(differing[scope] for scope in BlockScope if scope not in _QUICKLY_FOUND):
        return range(len(snapshot.entries))
    found = set(_with_a_part(snapshot.entries))  # what they do not show, nobody finds them by
    for facet in (FacetName.PARTNER, FacetName.INSTITUTION):
        if values := differing[BlockScope(facet)]:
            found.update(snapshot.columns.holding(facet, values).tolist())
    ids = {snapshot.course_of.get(OfferingId(each)) for each in differing[BlockScope.OFFERING]}
    ids.update(map(CourseId, differing[BlockScope.COURSE]))
    return found.union(slot for each in ids if each and (slot := snapshot.seat(each)) is not None)


def _with_a_part(entries: Sequence[Entry | None]) -> Iterable[int]:
    """Yield the slots of courses of whose listed offerings some are blocked."""
    for slot, entry in enumerate(entries):
        if entry is not None and len(entry.listed) != len(entry.course.offerings):
            yield slot


def _same(some: Sequence[Offering], others: Sequence[Offering]) -> bool:
    """Return whether these are the same offerings of one course, in any order."""
    return len(some) == len(others) and _is_part(some, others)


def _is_part(some: Sequence[Offering], others: Sequence[Offering]) -> bool:
    if len(some) == 1 == len(others):  # as most courses are sold
        return some[0] is others[0]
    return {each.id for each in some} <= {each.id for each in others}
