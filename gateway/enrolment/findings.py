"""What a rule is, and what it finds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.enrolment.facts import Facts
from schema.model.enrolment import EnrolErrorCode, RuleValue


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a rule is kept, and what decided; `refusal` says why it is not."""

    refusal: str | None
    decided: Mapping[str, int | str | date | None]

    @property
    def values(self) -> tuple[RuleValue, ...]:
        """The values that decided, as text; one of None is not told."""
        told = ((name, value) for name, value in self.decided.items() if value is not None)
        return tuple(RuleValue(name, str(value)) for name, value in told)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the programme: its stable name, what it demands, and how it is judged.

    `judge` returns None where the rule cannot be judged: what it asks about is not known.
    """

    name: str
    code: EnrolErrorCode
    demands: str
    judge: Callable[[Facts], Finding | None]
    field: tuple[str, ...] | None = None


def found(refusal: str | None = None, **values: int | str | date | None) -> Finding:
    """Return a finding with the values that decided."""
    return Finding(refusal, values)
