"""How a staged list differs from what stands: counted in SQL, judged without it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, case, exists, func, not_, or_, select

from gateway.catalogue.runs import OpenRun
from gateway.storage.catalogue_tables import offering, quarantine
from gateway.storage.catalogue_tables import staged_offering as staged

MOST_WITHDRAWN = 0.2  # of a partner's offerings, in one run


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
    def alarm(self) -> str | None:
        """Why this looks like a fault of the list rather than news, or None."""
        if self.withdrawn > MOST_WITHDRAWN * self.standing:
            return f"would withdraw {self.withdrawn} of {self.standing} offerings"
        return None


class AlarmingDifferenceError(Exception):
    """The list was read, but looks so wrong that the last good catalogue stays."""


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
