"""What blocks leave of the courses in memory.  Pure.

A block that covers very many courses mostly leaves nothing of them: they are hidden, which costs
next to nothing.  Of what it leaves a part, that part is worked out like any other change; until
then nothing is shown that is blocked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from gateway.catalogue.entries import Entry, with_left
from gateway.catalogue.facets import Flags
from gateway.catalogue.in_force import InForce, StoredBlocks
from gateway.catalogue.rates import Rates
from gateway.catalogue.snapshot import Snapshot
from schema.model.catalogue import Offering
from schema.model.values import CourseId


def under(
    entries: Iterable[Entry], blocks: InForce, rates: Rates
) -> tuple[list[Entry], list[CourseId]]:
    """Return courses as the blocks leave them, and which are to be hidden."""
    if not blocks:
        return list(entries), []
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
    hidden: Flags = np.zeros(len(snapshot.entries), np.bool_)
    behind: list[CourseId] = []
    for slot, entry in enumerate(snapshot.entries):
        if entry is None:
            continue
        left, shown = blocks.left_of(entry), entry.course.offerings
        if not _same(shown, left or entry.listed):
            behind.append(entry.course.id)
        if not left or not _is_part(shown, left):
            hidden[slot] = True
    return hidden, frozenset(behind)


def _same(some: Sequence[Offering], others: Sequence[Offering]) -> bool:
    """Return whether these are the same offerings of one course, in any order."""
    return len(some) == len(others) and _is_part(some, others)


def _is_part(some: Sequence[Offering], others: Sequence[Offering]) -> bool:
    if len(some) == 1 == len(others):  # as most courses are sold
        return some[0] is others[0]
    return {each.id for each in some} <= {each.id for each in others}
