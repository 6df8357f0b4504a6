"""How a staged list differs from what stands: counted in SQL, judged in `alarms`."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, and_, case, exists, func, not_, or_, select

from gateway.catalogue.alarms import TENFOLD, PriceChanges
from gateway.catalogue.records import from_payload
from gateway.catalogue.runs import Counts, OpenRun
from gateway.storage.catalogue_tables import offering
from gateway.storage.sync_tables import quarantine
from gateway.storage.sync_tables import staged_offering as staged
from schema.model.catalogue import Offering
from schema.model.held import ListChange, ListChangeKind
from schema.model.values import Money, PartnerCode

EXAMPLES = 5  # shown of each kind of change
MOST_EXAMINED = 5_000  # changed offerings, when looking for changed prices to show
CHUNK = 500  # rows of a large answer in memory at once


@dataclass(frozen=True, slots=True)
class Difference:
    """How a staged list differs from what stands; `standing` is how many were live."""

    added: int
    changed: int
    unchanged: int
    withdrawn: int
    standing: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.added or self.changed or self.withdrawn)

    @property
    def listed(self) -> int:
        """How many offerings the list has."""
        return self.added + self.changed + self.unchanged

    def counted(self, met: Counts) -> Counts:
        """Return what a run has met together with what it would do."""
        return replace(
            met,
            added=self.added,
            changed=self.changed,
            unchanged=self.unchanged,
            withdrawn=self.withdrawn,
        )


def read_difference(connection: Connection, run: OpenRun) -> Difference:
    """Compare the staged list with what stands."""
    is_added = or_(offering.c.id.is_(None), offering.c.withdrawn)
    listed = connection.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((is_added, 1), else_=0)), 0),
            func.coalesce(func.sum(case((is_changed(), 1), else_=0)), 0),
        )
        .select_from(staged)
        .outerjoin(offering, offering.c.id == staged.c.offering_id)
        .where(staged.c.run_id == run.id)
    ).one()
    total, added, written = map(int, listed)
    live = select(func.count()).where(offering.c.partner == run.partner, not_(offering.c.withdrawn))
    return Difference(
        added=added,
        changed=written - added,
        unchanged=total - written,
        withdrawn=connection.execute(live.where(is_gone(run))).scalar_one(),
        standing=connection.execute(live).scalar_one(),
    )


def has_standing(connection: Connection, partner: PartnerCode) -> bool:
    """Return whether the partner has offerings in the catalogue."""
    live = select(offering.c.id).where(offering.c.partner == partner, not_(offering.c.withdrawn))
    return connection.execute(live.limit(1)).first() is not None


def is_changed() -> Any:
    """Return whether a staged row, outer joined with what stands, must be written."""
    differs = offering.c.content_hash != staged.c.content_hash
    return or_(offering.c.id.is_(None), offering.c.withdrawn, differs)


def changed_rows(run: OpenRun, *columns: Any) -> Select[Any]:
    """Return `columns` of the staged rows that must be written."""
    return (
        select(*columns)
        .select_from(staged)
        .outerjoin(offering, offering.c.id == staged.c.offering_id)
        .where(staged.c.run_id == run.id, is_changed())
    )


def is_gone(run: OpenRun) -> Any:
    """Return whether an offering is no longer listed; one whose row is in quarantine still is."""
    is_listed = exists().where(staged.c.run_id == run.id, staged.c.offering_id == offering.c.id)
    is_held_back = exists().where(
        quarantine.c.run_id == run.id, quarantine.c.offering_id == offering.c.id
    )
    return and_(
        offering.c.partner == run.partner,
        not_(offering.c.withdrawn),
        not_(is_listed),
        not_(is_held_back),
    )


def read_price_changes(connection: Connection, run: OpenRun) -> PriceChanges:
    """Count the offerings whose price would become tenfold, or a tenth."""
    compared = raised = lowered = 0
    for before, after in _repriced(connection, run):
        ratio = _ratio(before.price, after.price)
        compared += ratio is not None
        raised += ratio is not None and ratio >= TENFOLD
        lowered += ratio is not None and ratio <= 1 / TENFOLD
    if raised or lowered:  # worth the reading: they are judged against all prices
        compared += sum(map(_has_price, _unchanged(connection, run)))
    return PriceChanges(compared, raised, lowered)


def read_examples(connection: Connection, run: OpenRun) -> tuple[ListChange, ...]:
    """Return a few of the changes that the staged list would make, of every kind."""
    is_new = or_(offering.c.id.is_(None), offering.c.withdrawn)
    added = changed_rows(run, staged.c.payload).where(is_new).order_by(staged.c.offering_id)
    gone = select(offering.c.payload).where(is_gone(run)).order_by(offering.c.id)
    found = [
        _example(ListChangeKind.ADDED, after=from_payload(payload))
        for payload in connection.execute(added.limit(EXAMPLES)).scalars()
        if payload is not None
    ]
    found += [
        _example(ListChangeKind.WITHDRAWN, before=from_payload(payload))
        for payload in connection.execute(gone.limit(EXAMPLES)).scalars()
    ]
    examined = islice(_repriced(connection, run), MOST_EXAMINED)
    differing = ((before, after) for before, after in examined if before.price != after.price)
    found += [
        _example(ListChangeKind.REPRICED, before=before, after=after)
        for before, after in islice(differing, EXAMPLES)
    ]
    return tuple(found)


def _repriced(connection: Connection, run: OpenRun) -> Iterator[tuple[Offering, Offering]]:
    """Yield what stands and what is listed of each offering that would change."""
    question = (
        select(offering.c.payload, staged.c.payload)
        .select_from(staged)
        .join(offering, offering.c.id == staged.c.offering_id)
        .where(
            staged.c.run_id == run.id,
            not_(offering.c.withdrawn),
            offering.c.content_hash != staged.c.content_hash,
            staged.c.payload.is_not(None),
        )
    )
    with connection.execute(question.execution_options(yield_per=CHUNK)) as rows:
        for before, after in rows:
            yield from_payload(before), from_payload(after)


def _unchanged(connection: Connection, run: OpenRun) -> Iterator[Offering]:
    question = (
        select(offering.c.payload)
        .join(staged, staged.c.offering_id == offering.c.id)
        .where(
            staged.c.run_id == run.id,
            not_(offering.c.withdrawn),
            offering.c.content_hash == staged.c.content_hash,
        )
    )
    with connection.execute(question.execution_options(yield_per=CHUNK)) as rows:
        yield from map(from_payload, rows.scalars())


def _has_price(each: Offering) -> bool:
    return each.price is not None and each.price.amount > 0


def _ratio(before: Money | None, after: Money | None) -> float | None:
    """Return by how much a price is multiplied; None if there is nothing to compare."""
    if before is None or after is None or before.currency != after.currency:
        return None
    return after.amount / before.amount if before.amount and after.amount else None


def _example(
    kind: ListChangeKind, *, before: Offering | None = None, after: Offering | None = None
) -> ListChange:
    told = after or before
    assert told is not None  # noqa: S101 - one of the two is given
    return ListChange(
        kind=kind,
        key=told.key,
        title=told.listed.title,
        before=before.price if before else None,
        after=after.price if after else None,
    )
