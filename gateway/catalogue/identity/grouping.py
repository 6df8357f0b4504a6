"""Which spellings are one name, whatever the order in which they were met.  Pure.

Alike spellings are joined, the most alike first, and what is alike to one of a group belongs to
it; but no group holds two that are told apart: two titles of one shelf, two legal forms, two
telling words, or what an operator has parted.  A spelling that stands between two such names
joins neither.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product

from gateway.catalogue.identity.choosing import CLOSE, ITSELF, Compare, KnownSpellings, Spelling
from gateway.catalogue.identity.scores import Likeness, say_otherwise

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Member:
    """A spelling as it stands, since when, who lists it, and its target if it is nobody else's.

    The target of one that an operator has decided about is not changed.
    """

    spelling: Spelling
    own: str
    since: datetime
    partners: frozenset[str] = frozenset()
    is_decided: bool = False

    @property
    def key(self) -> str:
        """The spelling's key."""
        return self.spelling.key


@dataclass(frozen=True, slots=True)
class Grouping:
    """What each spelling is of, by its key, how alike it is to that, and what may be one, too."""

    targets: Mapping[str, str]
    likeness: Mapping[str, Likeness]
    unsure: Mapping[Pair, Likeness]


@dataclass(slots=True)
class _Group:
    members: list[Member]
    likeness: dict[str, Likeness] = field(default_factory=dict)


def group(members: Sequence[Member], compare: Compare) -> Grouping:
    """Return which of `members` are one; they come the eldest first, for their names stay."""
    alike = {(a.key, b.key): (a, b, like) for a, b, like in _alike(members, compare)}
    automatic = {pair: like for pair, (_, _, like) in alike.items() if like.is_automatic}
    by_key = {each.key: each for each in members}
    sure = _without_torn(automatic, by_key)
    groups = _decided_groups(members)
    for pair in sorted(sure, key=lambda pair: (-sure[pair].score, sorted(pair))):
        a, b = by_key[pair[0]], by_key[pair[1]]
        if _is_undecided(a, b):
            _unite(groups, a, b, sure[pair])
    whole = {id(each): each for each in groups.values()}
    targets = _name(list(whole.values()), members)
    return Grouping(
        targets,
        {key: each.likeness.get(key, ITSELF) for key, each in groups.items()},
        {pair: like for pair, (a, b, like) in alike.items() if targets[a.key] != targets[b.key]},
    )


def are_told_apart(a: Member, b: Member) -> bool:
    """Return whether two spellings are two names, however alike they are."""
    one, other = a.spelling, b.spelling
    if one.scope != other.scope:
        return True
    if one.scope and a.partners & b.partners and one.name.compact != other.name.compact:
        return True
    return _are_parted(a, b) or _are_parted(b, a) or say_otherwise(one.name, other.name)


def _are_parted(a: Member, b: Member) -> bool:
    """Return whether an operator decided about `b` knowing of `a`, and not for it."""
    return b.is_decided and a.spelling.target != b.spelling.target and a.since <= b.since


def _is_undecided(a: Member, b: Member) -> bool:
    """Return whether rules may join two, or an operator has: nobody joins a decision's name."""
    is_one = a.spelling.target == b.spelling.target
    return is_one or not (a.is_decided or b.is_decided)


def _alike(
    members: Sequence[Member], compare: Compare
) -> Iterator[tuple[Member, Member, Likeness]]:
    """Yield the pairs that are alike and not told apart, the elder first."""
    known, by_key = KnownSpellings(()), dict[str, Member]()
    for each in members:
        spelling = each.spelling
        keys = (spelling.compact_key, *spelling.blocks)
        for elder in known.near(keys):
            other = by_key[elder.key]
            if are_told_apart(each, other):
                continue
            likeness = compare(spelling.name, elder.name)
            if likeness is not None:
                yield other, each, likeness
        known.add(spelling, keys)
        by_key[each.key] = each


def _without_torn(
    automatic: Mapping[Pair, Likeness], by_key: Mapping[str, Member]
) -> Mapping[Pair, Likeness]:
    """Return the pairs without those of whom one is as much like another that is told apart."""
    near: dict[str, list[tuple[Member, float]]] = {}
    for (a, b), likeness in automatic.items():
        near.setdefault(a, []).append((by_key[b], likeness.score))
        near.setdefault(b, []).append((by_key[a], likeness.score))

    def is_torn(between: str, other: str, score: float) -> bool:
        return any(
            rival_score > score - CLOSE and are_told_apart(rival, by_key[other])
            for rival, rival_score in near[between]
            if rival.key != other
        )

    return {
        (a, b): likeness
        for (a, b), likeness in automatic.items()
        if not is_torn(a, b, likeness.score) and not is_torn(b, a, likeness.score)
    }


def _decided_groups(members: Iterable[Member]) -> dict[str, _Group]:
    """Return the groups, by key, that operators have made, and every other spelling alone."""
    eldest = list(members)
    decided = {each.spelling.target for each in eldest if each.is_decided}
    by_target: dict[str, _Group] = {}
    groups = {}
    for each in eldest:
        target = each.spelling.target
        if each.is_decided or (target in decided and each.own == target):
            groups[each.key] = by_target.setdefault(target, _Group([]))
            groups[each.key].members.append(each)
        else:
            groups[each.key] = _Group([each])
    return groups


def _unite(groups: dict[str, _Group], a: Member, b: Member, likeness: Likeness) -> None:
    """Join the groups of two spellings, unless they hold two that are told apart."""
    one, other = groups[a.key], groups[b.key]
    if one is other or any(are_told_apart(*pair) for pair in product(one.members, other.members)):
        return
    one.members += other.members
    one.likeness |= other.likeness | {b.key: likeness}
    one.likeness.setdefault(a.key, likeness)
    for each in other.members:
        groups[each.key] = one


def _name(groups: Sequence[_Group], members: Sequence[Member]) -> Mapping[str, str]:
    """Return each spelling's target: the one that stood for its group, or its eldest's own."""
    place = {each.key: number for number, each in enumerate(members)}
    owner = {each.own: each.key for each in members}
    found: dict[str, str] = {}
    claimed: set[str] = set()
    for each in sorted(groups, key=lambda one: min(place[m.key] for m in one.members)):
        inside = sorted(each.members, key=lambda member: place[member.key])
        target = _target(inside, owner, claimed)
        claimed.add(target)
        found |= {member.key: target for member in inside}
    return found


def _target(inside: Sequence[Member], owner: Mapping[str, str], claimed: Collection[str]) -> str:
    """Return a group's target: what an operator decided, or what stood and is nobody else's."""
    decided = [each.spelling.target for each in inside if each.is_decided]
    if decided:
        return decided[0]
    keys = {each.key for each in inside}
    stood = [each.spelling.target for each in inside]
    for each in stood:
        if owner[each] in keys if each in owner else each not in claimed:
            return each
    return inside[0].own
