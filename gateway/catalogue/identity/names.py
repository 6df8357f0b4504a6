"""One spelling of a name, taken apart: what counts in it, and what was set aside.  Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from gateway.catalogue.identity.slips import SlipKind, find_slips
from gateway.catalogue.identity.words import load_spellings
from schema.model.values import folded

_WORD = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+[+#]*|&")
_DIGIT = re.compile(r"\d")
_BLOCK_WORDS = 3  # the longest words; two of them make a block
_ENDS = 3  # letters of a lone word's begin and end
_MOST_PIECES = 5  # into which dots and slips break a short legal form ("L.K.P.")


@dataclass(frozen=True, slots=True)
class Name:
    """What a spelling says: words in their long form, without a legal form.

    `compact` is the words without spaces: equal ones are one name.  `numbers` are the words
    with a digit.  `expanded` are the words that were abbreviated, `form` is the code of the
    legal form, if one was told.
    """

    text: str
    words: tuple[str, ...]
    compact: str
    numbers: tuple[str, ...]
    expanded: tuple[str, ...] = ()
    form: str | None = None
    spelled_form: str = ""

    def word_at(self, letter: int) -> int:
        """Return which word the letter of `compact` stands in."""
        end = 0
        for number, word in enumerate(self.words):
            end += len(word)
            if letter < end:
                return number
        return len(self.words) - 1


def to_title(text: str) -> Name:
    """Return a course's title, taken apart."""
    words, expanded = _expanded(_WORD.findall(folded(text)))
    return _name(text, words, expanded)


def to_institution(text: str) -> Name:
    """Return an institution's name, taken apart, its legal form set aside."""
    words = _WORD.findall(folded(text).replace(",", " "))
    words, expanded = _expanded(words)
    form, spelled, core = _legal_form(words)
    endings = load_spellings().endings
    while len(core) > 1 and core[-1] in endings:
        core = core[:-1]
    return _name(text, core, expanded, form, spelled)


def blocks(scope: str, name: Name) -> tuple[int, ...]:
    """Return the keys of which two spellings of one name, within `scope`, share at least one.

    Each is made of two of the three longest words, so that a slip in one word leaves one
    key whole; the numbers are part of every key.
    """
    ranked = sorted(set(name.words), key=lambda word: (-len(word), word))[:_BLOCK_WORDS]
    if len(ranked) == _BLOCK_WORDS:
        parts = [(a, b) for n, a in enumerate(ranked) for b in ranked[n + 1 :]]
    elif len(ranked) == 1:
        parts = [(ranked[0][:_ENDS], "begin"), (ranked[0][-_ENDS:], "end")]
    else:
        parts = [(word, "") for word in ranked]
    numbers = " ".join(name.numbers)
    return tuple(block_number(f"{scope}|{numbers}|{' '.join(sorted(part))}") for part in parts)


def block_number(text: str) -> int:
    """Return 63 bits that stand for `text`: what every database takes as an integer."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) >> 1


def _name(
    text: str,
    words: Sequence[str],
    expanded: Sequence[str],
    form: str | None = None,
    spelled_form: str = "",
) -> Name:
    return Name(
        text=text,
        words=tuple(words),
        compact="".join(words),
        numbers=tuple(word for word in words if _DIGIT.search(word)),
        expanded=tuple(expanded),
        form=form,
        spelled_form=spelled_form,
    )


def _expanded(words: Sequence[str]) -> tuple[list[str], list[str]]:
    tables = load_spellings()
    short, long = tables.abbreviations, list(words)
    expanded = []
    for number, word in enumerate(words):
        known = short.get(word)
        if known is None and word in tables.before and number + 1 < len(words):
            long_form, followers = tables.before[word]
            known = long_form if words[number + 1] in followers else None
        if known is not None:
            long[number] = known
            expanded.append(word)
    return long, expanded


def _legal_form(words: Sequence[str]) -> tuple[str | None, str, list[str]]:
    """Return the code of the legal form, how it was spelled, and the other words."""
    found = _leading_form(words) or _spelled_out_form(words)
    if found is None and len(words) > 1 and words[-1] in load_spellings().short_forms:
        code = load_spellings().short_forms[words[-1]]  # "Maju Jaya, PT"
        return code, words[-1], list(words[:-1])
    return found or (None, "", list(words))


def _leading_form(words: Sequence[str]) -> tuple[str, str, list[str]] | None:
    """Return a short form that the name begins with, in one piece or in letters ("P.T.")."""
    for pieces in range(min(_MOST_PIECES, len(words) - 1), 0, -1):
        spelled = "".join(words[:pieces])
        for form in (spelled, _undoubled(spelled)):
            if form in load_spellings().short_forms:
                return load_spellings().short_forms[form], spelled, list(words[pieces:])
    return None


def _undoubled(text: str) -> str:
    return "".join(letter for n, letter in enumerate(text) if not n or letter != text[n - 1])


def _spelled_out_form(words: Sequence[str]) -> tuple[str, str, list[str]] | None:
    """Return a long form that the name begins with, with at most one slip in it."""
    compact = "".join(words)
    for form, code in load_spellings().long_forms.items():
        if compact.startswith(form) and len(compact) > len(form):
            return code, form, list(_without(words, len(form)))
    for form, code in load_spellings().long_forms.items():
        if form[0] not in compact[:2]:
            continue
        for size in (len(form), len(form) - 1, len(form) + 1):
            slips = find_slips(compact[:size], form, most=1)
            if slips and slips[0].kind is not SlipKind.REPLACED and len(compact) > size:
                return code, compact[:size], list(_without(words, size))
    return None


def _without(words: Sequence[str], letters: int) -> Iterator[str]:
    """Yield the words after the first `letters`, wherever the spaces stand."""
    for word in words:
        if letters < len(word):
            yield word[letters:]
        letters = max(0, letters - len(word))
