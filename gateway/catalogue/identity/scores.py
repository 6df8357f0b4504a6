"""How sure two spellings are one name, and by which rules.  Pure.

Every rule that had to be applied costs a little; what remains is the score.  From
`AUTOMATIC` on two names are joined, from `MAYBE` on an operator is asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.catalogue.identity.names import Name
from gateway.catalogue.identity.slips import Slip, SlipKind, find_slips
from gateway.catalogue.identity.words import load_spellings
from schema.model.values import folded

AUTOMATIC = 0.85
MAYBE = 0.6

_SHORT = 4  # letters; in a shorter word every letter counts
_SAFE = 5  # letters of a word in which a lost letter is a slip, and not another word
_SAFE_END = 7  # the same for its last letter: "tari", "tarik"
_LONG_NAME = 16  # letters of a name that may hold two slips
_EASIER = {_SAFE: 4, _SAFE_END: 5}  # in a long name, for all the rest of it agrees
_LONE_CORE = 8  # letters of a one-word name that stands for itself without its legal form
_DIGIT_WORDS = "0123456789"

_COSTS = {
    SlipKind.SWAPPED: ("two letters swapped", 0.05),
    SlipKind.DOUBLED: ("a letter doubled", 0.05),
    SlipKind.LOST: ("a letter lost", 0.06),
    SlipKind.REPLACED: ("one letter differs", 0.2),
}
_DOUBTFUL = 0.2


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two spellings are: 1 is certainty; `rules` say what made them equal."""

    score: float
    rules: tuple[str, ...] = ()

    @property
    def is_automatic(self) -> bool:
        """Whether the two are joined without asking."""
        return self.score >= AUTOMATIC

    def __mul__(self, other: "Likeness") -> "Likeness":
        """Return the likeness of what must be alike in both respects."""
        return Likeness(round(self.score * other.score, 4), self.rules + other.rules)


def compare_titles(left: Name, right: Name) -> Likeness | None:
    """Return how alike two titles of one institution are; None if they are two courses."""
    return _likeness([*_writing(left, right), *_abbreviated(left, right)], left, right)


def compare_institutions(left: Name, right: Name) -> Likeness | None:
    """Return how alike two institutions' names are; None if they are two institutions."""
    costs = [*_writing(left, right), *_abbreviated(left, right), *_legal_forms(left, right)]
    return _likeness(costs, left, right)


def say_otherwise(left: Name, right: Name) -> bool:
    """Return whether each says what the other does not: another form, another telling word."""
    if left.form and right.form and left.form != right.form:
        return True
    telling = load_spellings().telling
    said, told = ({*each.words} & telling for each in (left, right))
    return bool(said - told and told - said)


def _likeness(costs: list[tuple[str, float]], left: Name, right: Name) -> Likeness | None:
    slips = _slips(left, right)
    if slips is None:
        return None
    costs += slips
    score = round(1 - sum(cost for _, cost in costs), 4)
    return Likeness(score, tuple(dict.fromkeys(r for r, _ in costs))) if score >= MAYBE else None


def _writing(left: Name, right: Name) -> Iterator[tuple[str, float]]:
    """Yield what differs only in the way of writing, and costs nothing."""
    if left.text == right.text:
        return
    if folded(left.text) == folded(right.text):
        yield "case, accents and spaces", 0.0
    elif left.compact == right.compact and left.words != right.words:
        yield "spaces and punctuation", 0.0
    elif left.compact == right.compact:
        yield "case and punctuation", 0.0


def _abbreviated(left: Name, right: Name) -> Iterator[tuple[str, float]]:
    for short in sorted({*left.expanded} ^ {*right.expanded}):
        yield f"abbreviation: {short}", 0.01


def _legal_forms(left: Name, right: Name) -> Iterator[tuple[str, float]]:
    if left.form == right.form:
        if left.spelled_form != right.spelled_form:
            yield f"legal form spelled otherwise: {left.form}", 0.01
    elif left.form and right.form:
        yield f"another legal form: {left.form}, {right.form}", 0.3
    else:
        yield f"legal form missing: {left.form or right.form}", _missing_form(left)


def _missing_form(core: Name) -> float:
    """Return the cost; a place, or one short word, is nobody's name without its form."""
    is_place = core.words[0] in load_spellings().place_kinds
    is_lone = len(core.words) == 1 and len(core.compact) < _LONE_CORE
    return _DOUBTFUL if is_place or is_lone else 0.03


def _slips(left: Name, right: Name) -> list[tuple[str, float]] | None:
    """Return the slips between two names; None if they differ by more than that."""
    if left.compact == right.compact:
        return []
    if left.numbers != right.numbers:
        return None
    found = find_slips(left.compact, right.compact)
    if found is None or not left.words or not right.words:
        return None
    costs = [_cost(slip, left, right) for slip in found]
    places = {_place(slip, left, right) for slip in found}
    if len(places) < len(found) or (
        len(found) > 1 and min(len(left.compact), len(right.compact)) < _LONG_NAME
    ):
        costs.append(("more than one letter differs", _DOUBTFUL))
    return None if None in costs else [cost for cost in costs if cost]


def _cost(slip: Slip, left: Name, right: Name) -> tuple[str, float] | None:
    """Return what a slip costs; None if it makes another word out of one."""
    at = _place(slip, left, right)
    words = left.words[at[0]], right.words[at[1]]
    tables = load_spellings()
    if words[0] != words[1] and all(word in tables.telling for word in words):
        return None
    if any(digit in word for word in words for digit in _DIGIT_WORDS):
        return None
    rule, cost = _COSTS[slip.kind]
    if slip.kind is not SlipKind.REPLACED and not _is_harmless(slip, left, right, words):
        cost = _DOUBTFUL
    return f"{rule}: {words[0]}, {words[1]}", cost


def _place(slip: Slip, left: Name, right: Name) -> tuple[int, int]:
    """Return in which word of each name a slip is: where the surplus letter stands."""
    if len(left.words) != len(right.words):
        return left.word_at(slip.left), right.word_at(slip.right)
    word = right.word_at(slip.right) if slip.is_right_longer else left.word_at(slip.left)
    return word, word


def _is_harmless(slip: Slip, left: Name, right: Name, words: tuple[str, str]) -> bool:
    joining = load_spellings().joining
    if (words[0] in joining) != (words[1] in joining):
        return True
    longest = max(map(len, words))
    if slip.kind is not SlipKind.LOST:
        return longest >= _SHORT
    safe = _SAFE_END if _is_last_letter(slip, left, right) else _SAFE
    return longest >= (
        _EASIER[safe] if min(len(left.compact), len(right.compact)) >= _LONG_NAME else safe
    )


def _is_last_letter(slip: Slip, left: Name, right: Name) -> bool:
    longer, at = (right, slip.right) if slip.is_right_longer else (left, slip.left)
    return at + 1 == len(longer.compact) or longer.word_at(at + 1) != longer.word_at(at)
