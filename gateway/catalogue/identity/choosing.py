"""Which known name a new spelling is of, if of any.  Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from gateway.catalogue.identity.names import Name, block_number, blocks
from gateway.catalogue.identity.scores import Likeness, say_otherwise

Compare = Callable[[Name, Name], Likeness | None]

ITSELF = Likeness(1.0)
CLOSE = 0.005  # two candidates that are as alike as this are both as likely


@dataclass(frozen=True, slots=True)
class Spelling:
    """A spelling by its key, and what it is a spelling of.

    `scope` is the institution of a title; `partner` is who was the first to spell it so.
    """

    key: str
    target: str
    name: Name
    partner: str
    scope: str = ""

    @property
    def compact_key(self) -> int:
        """The key that equal names share."""
        return block_number(f"{self.scope}|{self.name.compact}")

    @property
    def blocks(self) -> tuple[int, ...]:
        """The keys of which alike names share at least one."""
        return blocks(self.scope, self.name)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a spelling was found to be of: itself, unless `of` another one.

    `unsure` are those that it may be of, for an operator to say.
    """

    target: str
    likeness: Likeness = ITSELF
    of: Spelling | None = None
    unsure: tuple[tuple[Spelling, Likeness], ...] = ()
    is_torn: bool = False  # several names are likely: what is known has to be looked at together


class KnownSpellings:
    """Spellings by their block keys."""

    def __init__(self, spellings: Iterable[Spelling]) -> None:
        self._by_key: dict[int, list[Spelling]] = {}
        for each in spellings:
            self.add(each, (each.compact_key, *each.blocks))

    def add(self, spelling: Spelling, keys: Iterable[int]) -> None:
        """Remember a spelling under its block keys."""
        for key in keys:
            self._by_key.setdefault(key, []).append(spelling)

    def near(self, keys: Iterable[int]) -> Iterator[Spelling]:
        """Yield the spellings that share one of the keys, each once."""
        found: Mapping[str, Spelling] = {
            each.key: each for key in keys for each in self._by_key.get(key, ())
        }
        yield from found.values()


def choose(new: Spelling, near: Iterable[Spelling], compare: Compare) -> Choice:
    """Return what `new` is a spelling of: the most alike, if no other is as alike."""
    known = list(near)
    found = [
        (likeness, each)
        for each in known
        if not _is_told_apart(new, each) and (likeness := compare(new.name, each.name)) is not None
    ]
    found.sort(key=lambda pair: (-pair[0].score, pair[1].target, pair[1].key))
    best = [pair for pair in found if pair[0].is_automatic]
    is_torn = len({each.target for _, each in best}) > 1
    rivals = {each.target for likeness, each in best if likeness.score > best[0][0].score - CLOSE}
    if len(rivals) == 1:
        likeness, of = best[0]
        others = _unsure(found, of.target)
        is_torn |= any(each.target == of.target and _is_told_apart(new, each) for each in known)
        return Choice(of.target, likeness, of, others, is_torn)
    return Choice(new.target, unsure=_unsure(found, new.target), is_torn=is_torn)


def _is_told_apart(new: Spelling, other: Spelling) -> bool:
    """Return whether these are two things: two titles of one shelf are no slips of each other."""
    is_one_shelf = bool(new.scope) and new.partner == other.partner
    return (
        new.scope != other.scope
        or (is_one_shelf and new.name.compact != other.name.compact)
        or say_otherwise(new.name, other.name)
    )


def _unsure(
    found: Iterable[tuple[Likeness, Spelling]], target: str
) -> tuple[tuple[Spelling, Likeness], ...]:
    """Return the most alike spelling of each other target."""
    best: dict[str, tuple[Spelling, Likeness]] = {}
    for likeness, each in found:
        if each.target != target:
            best.setdefault(each.target, (each, likeness))
    return tuple(best.values())
