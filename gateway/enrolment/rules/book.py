"""The rule book: every rules file, read and checked once.

A file that cannot be used is named, with the place in it and what to mend; so are two files
of one scheme that both claim a day.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from gateway.enrolment.rules.scheme import SchemeRules

BUILT_IN = Path(__file__).parent
_READER = TypeAdapter(SchemeRules)


class RulesFileError(ValueError):
    """A rules file cannot be used; the message says which, where, and what to mend."""


class RuleBook:
    """All rules, found by scheme and by the day on which the learner was announced."""

    def __init__(self, rules: Iterable[SchemeRules]) -> None:
        by_scheme: dict[str, list[SchemeRules]] = defaultdict(list)
        for each in rules:
            by_scheme[each.scheme].append(each)
        self._by_scheme: Mapping[str, Sequence[SchemeRules]] = by_scheme
        self.every: Sequence[SchemeRules] = [each for found in by_scheme.values() for each in found]

    @property
    def schemes(self) -> Sequence[str]:
        """The schemes that there are rules for."""
        return sorted(self._by_scheme)

    def find(self, scheme: str, announced_on: date) -> SchemeRules | None:
        """Return the rules that hold for a learner; None for a scheme without rules.

        Dates choose between the files of a scheme.  One announced outside all of them is
        judged by the nearest: a card that was given does not become void with a file.
        """
        rules = self._by_scheme.get(scheme, ())
        return min(rules, key=lambda each: each.days_from(announced_on), default=None)


def load_rule_book(*folders: Path) -> RuleBook:
    """Return the rules of all `*.toml` files in `folders`.  Raises `RulesFileError`."""
    found: dict[Path, SchemeRules] = {}
    for folder in folders:
        if not folder.is_dir():
            raise RulesFileError(f"{folder}: is not a folder of rules files; MITRA_RULES?")
        found |= {path: _read(path) for path in sorted(folder.glob("*.toml"))}
    _check_overlaps(found)
    return RuleBook(found.values())


@cache
def built_in_rules() -> RuleBook:
    """Return the rules that come with Mitra."""
    return load_rule_book(BUILT_IN)


def _read(path: Path) -> SchemeRules:
    try:
        rules = _READER.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as exc:
        raise RulesFileError(f"{path}: cannot be read ({exc.strerror})") from exc
    except ValidationError as exc:
        said = "; ".join(
            f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in exc.errors()
        )
        raise RulesFileError(f"{path}: {said}") from exc
    except ValueError as exc:
        raise RulesFileError(f"{path}: is not valid TOML in UTF-8 ({exc})") from exc
    _check_order(path, rules)
    return rules


def _check_order(path: Path, rules: SchemeRules) -> None:
    if rules.valid_until is not None and rules.valid_until < rules.valid_from:
        raise RulesFileError(f"{path}: valid_until is before valid_from")
    if rules.eligibility.oldest < rules.eligibility.youngest:
        raise RulesFileError(f"{path}: eligibility.oldest is below eligibility.youngest")


def _check_overlaps(found: Mapping[Path, SchemeRules]) -> None:
    in_order = sorted(found.items(), key=lambda each: (each[1].scheme, each[1].valid_from))
    for (earlier, before), (later, after) in pairwise(in_order):
        if before.scheme == after.scheme and before.days_from(after.valid_from) == 0:
            raise RulesFileError(
                f"{later}: overlaps {earlier}: both hold for scheme {after.scheme!r} on "
                f"{after.valid_from}; end one with valid_until before the other begins"
            )
