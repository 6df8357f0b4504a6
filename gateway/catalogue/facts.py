"""What enrolling asks of offerings, read from the store for all who ask at the same time."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from gateway.catalogue.short import ShortReader
from gateway.storage.catalogue_tables import course, offering, redirect
from gateway.storage.engine import Database
from gateway.storage.sets import is_one_of
from gateway.storage.sync_tables import partner_order, partner_status
from gateway.storage.together import Together
from schema.model.blocks import Approval
from schema.model.catalogue import Offering
from schema.model.values import CourseId, InstitutionId, OfferingId, PartnerCode
from schema.ports import OfferingFact

AT_ONCE = 100  # offerings in one question
KEPT = 5_000  # offerings that are not read and decoded again before they change

Sells = Callable[[PartnerCode], timedelta | None]  # for how long after its list was read


class FactReader:
    """Reads facts anew for every question, but for what a hash proves to be unchanged."""

    def __init__(
        self,
        database: Database,
        sells_for: Sells = lambda _: None,
        closed: Collection[PartnerCode] = frozenset(),
    ) -> None:
        """Read from `database`; `sells_for` None: however old a partner's list is.

        Partners that are `closed` sell nothing, like those that are paused by an order.
        """
        self._database = database
        self._closed = closed
        self._sells_for = sells_for
        self._together: Together[OfferingId, None, OfferingFact] = Together(
            self._read_all, most=AT_ONCE
        )
        self._kept: dict[str, tuple[str, Offering]] = {}  # by id, with the hash of the content

    async def read(self, offering_id: OfferingId) -> OfferingFact | None:
        """Return an offering without its long description, or None if there never was one."""
        return await self._together.submit(offering_id, None)

    async def _read_all(
        self, wanted: Mapping[OfferingId, None]
    ) -> Mapping[OfferingId, OfferingFact]:
        return await self._database.read(lambda connection: self._facts(connection, list(wanted)))

    def _facts(
        self, connection: Connection, ids: Sequence[OfferingId]
    ) -> Mapping[OfferingId, OfferingFact]:
        """Return facts; a live offering is as fresh as its partner's list, a tombstone is not."""
        rows = connection.execute(
            select(
                offering.c.id,
                offering.c.partner,
                offering.c.content_hash,
                offering.c.course_id,
                offering.c.withdrawn,
                offering.c.changed_at,
                offering.c.approval,
                partner_status.c.fetched_at,
                course.c.institution_id,
                partner_order.c.paused_at,
            )
            .join(course, course.c.id == offering.c.course_id)
            .join(partner_status, partner_status.c.partner == offering.c.partner)
            .outerjoin(partner_order, partner_order.c.partner == offering.c.partner)
            .where(is_one_of(connection, offering.c.id, ids))
        ).all()
        offerings = self._offerings(connection, {row.id: row.content_hash for row in rows})
        joined = {each for row in rows for each in (row.course_id, row.institution_id)}
        merged = _merged(connection, joined)
        return {
            OfferingId(row.id): OfferingFact(
                offering=offerings[row.id],
                course_id=CourseId(row.course_id),
                withdrawn=row.withdrawn,
                fetched_at=row.changed_at if row.withdrawn else row.fetched_at,
                institution_id=InstitutionId(row.institution_id),
                is_paused=row.paused_at is not None or row.partner in self._closed,
                approved=row.approval == Approval.APPROVED,
                good_until=_end(row.fetched_at, self._sells_for(offerings[row.id].partner)),
                former_ids=(*merged.get(row.course_id, ()), *merged.get(row.institution_id, ())),
            )
            for row in rows
        }

    def _offerings(
        self, connection: Connection, hashes: Mapping[str, str]
    ) -> Mapping[str, Offering]:
        """Return offerings by id, reading those whose content is not known yet."""
        kept = {each: self._kept[each] for each in hashes if each in self._kept}
        found = {
            each: known for each, (known_hash, known) in kept.items() if known_hash == hashes[each]
        }
        unknown = hashes.keys() - found
        if unknown:
            read = ShortReader()
            payloads = connection.execute(
                select(offering.c.id, offering.c.payload).where(
                    is_one_of(connection, offering.c.id, unknown)
                )
            )
            for offering_id, payload in payloads:
                found[offering_id] = read(payload, offering_id)
                self._keep(offering_id, hashes[offering_id], found[offering_id])
        return found

    def _keep(self, offering_id: str, content_hash: str, read: Offering) -> None:
        if len(self._kept) >= KEPT:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[offering_id] = content_hash, read


def _end(fetched_at: datetime, lasts: timedelta | None) -> datetime | None:
    return None if lasts is None else fetched_at + lasts


def _merged(connection: Connection, ids: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Return the ids that were merged into each of `ids`."""
    rows = connection.execute(
        select(redirect.c.new_id, redirect.c.old_id).where(
            is_one_of(connection, redirect.c.new_id, ids)
        )
    )
    merged: dict[str, list[str]] = {}
    for row in rows:
        merged.setdefault(row.new_id, []).append(row.old_id)
    return merged
