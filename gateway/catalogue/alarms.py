"""When a list looks like a fault rather than news.  Pure: counts in, reasons out.

The thresholds are decisions, explained in docs/decisions/0011-a-list-may-be-held.md.
A partner's first list never alarms: there is nothing to compare it with.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from schema.model.held import Alarm, AlarmKind

MOST_WITHDRAWN = 0.2  # of a partner's offerings, in one list
MOST_SCALED = 0.2  # of the offerings whose price is told before and after
FEWEST_SCALED = 3  # a slip in one price is news
TENFOLD = 9.5  # "by ten", after rounding
MOST_GROWTH = 10  # times what stands,
GROWTH_FROM = 100  # once so many stand
FEWEST_ROWS = 5  # of which "always" can be said
ALWAYS, NEVER = 0.95, 0.05  # shares of rows that have a field
ALIKE = 0.5  # of two names, for one to be the other's successor
SHOWN_FIELDS = 10


@dataclass(frozen=True, slots=True)
class Profile:
    """How many rows have each field: the partner's own (`raw`), and ours once read (`record`)."""

    raw: Mapping[str, int] = field(default_factory=dict)
    record: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PriceChanges:
    """Of `compared` offerings with a price before and after, how many went tenfold."""

    compared: int = 0
    raised: int = 0
    lowered: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """A list beside the one that stands; `before` is None when that one left no profile."""

    standing: int
    listed: int
    withdrawn: int
    fetched: int
    quarantined: int
    sessions_before: int = 0  # that came apart from their offerings
    sessions: int = 0
    prices: PriceChanges = PriceChanges()
    before: Profile | None = None
    now: Profile = Profile()


def find_alarms(evidence: Evidence) -> tuple[Alarm, ...]:
    """Return every reason not to apply the list unseen."""
    if not evidence.standing:
        return ()
    return (
        *_withdrawal(evidence),
        *_unreadable(evidence),
        *_prices(evidence.prices),
        *_growth(evidence),
        *_lost_fields(evidence),
    )


def to_reason(alarms: Sequence[Alarm]) -> str:
    """Return all alarms in one sentence."""
    return "; ".join(alarm.message for alarm in alarms)


def find_renamed(
    lost: Mapping[str, float], came: Mapping[str, float]
) -> Iterator[tuple[str, str | None]]:
    """Pair each lost field with the new one that seems to be its successor, or None.

    Both map names to the share of rows that have them.  Likest names first; when one field
    went and one came, they are a pair whatever their names ("title", "judul").
    """
    if len(lost) == 1 and len(came) == 1:
        yield from zip(lost, came, strict=True)
        return
    scored = sorted(
        ((_likeness(old, new), old, new) for old in lost for new in came),
        key=lambda each: (-each[0], each[1], each[2]),
    )
    successors: dict[str, str] = {}
    for score, old, new in scored:
        if score >= ALIKE and old not in successors and new not in successors.values():
            successors[old] = new
    for old in lost:
        yield old, successors.get(old)


def _withdrawal(evidence: Evidence) -> Iterator[Alarm]:
    if evidence.withdrawn > MOST_WITHDRAWN * evidence.standing:
        said = f"would withdraw {evidence.withdrawn} of {evidence.standing} offerings"
        yield Alarm(AlarmKind.WITHDRAWAL, said)
    if evidence.sessions_before >= FEWEST_ROWS and not evidence.sessions:
        said = f"would withdraw all {evidence.sessions_before} sessions, which it lists apart"
        yield Alarm(AlarmKind.WITHDRAWAL, said)


def _unreadable(evidence: Evidence) -> Iterator[Alarm]:
    if evidence.fetched and evidence.quarantined == evidence.fetched:
        yield Alarm(AlarmKind.UNREADABLE, f"none of its {evidence.fetched} rows can be read")


def _prices(found: PriceChanges) -> Iterator[Alarm]:
    for count, done in ((found.raised, "multiplies"), (found.lowered, "divides")):
        if count >= FEWEST_SCALED and count > MOST_SCALED * found.compared:
            said = f"{done} the prices of {count} of {found.compared} offerings by ten or more"
            yield Alarm(AlarmKind.PRICES, said)


def _growth(evidence: Evidence) -> Iterator[Alarm]:
    standing, listed = evidence.standing, evidence.listed
    if standing >= GROWTH_FROM and listed > MOST_GROWTH * standing:
        yield Alarm(AlarmKind.GROWTH, f"would grow from {standing} offerings to {listed}")


def _lost_fields(evidence: Evidence) -> Iterator[Alarm]:
    before, now = evidence.before, evidence.now
    if before is None:
        return
    lost, came = _turned(before.raw, now.raw), _turned(now.raw, before.raw)
    for old, new in list(find_renamed(lost, came))[:SHOWN_FIELDS]:
        fate = f"{old} seems to be called {new} now" if new else f"{old} was in nearly every row"
        yield Alarm(AlarmKind.FIELD_LOST, f"lost a field: {fate}")
    for name in _turned(before.record, now.record):
        yield Alarm(AlarmKind.FIELD_LOST, f"lost what we read as {name}: nearly every row had it")


def _turned(there: Mapping[str, int], here: Mapping[str, int]) -> Mapping[str, float]:
    """Return the fields that (nearly) all rows have `there` and (nearly) none `here`.

    Some field is in every row, so the largest count is the number of rows.
    """
    rows_there, rows_here = max(there.values(), default=0), max(here.values(), default=0)
    if min(rows_there, rows_here) < FEWEST_ROWS:
        return {}
    return {
        name: count / rows_there
        for name, count in there.items()
        if count >= ALWAYS * rows_there and here.get(name, 0) <= NEVER * rows_here
    }


def _likeness(old: str, new: str) -> float:
    return SequenceMatcher(None, old.casefold(), new.casefold(), autojunk=False).ratio()
