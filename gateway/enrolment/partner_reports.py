"""What partners report by themselves: twice, late, in any order, about anything.

Every report is kept.  The newest one, by the partner's own count and then by when it became
so, decides where an enrolment stands; from the older ones comes only what the newer ones left
out.  So the end does not depend on the order in which they arrive.  What is about nothing that
we have sent is parked until there is such a thing.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select, update

from gateway.enrolment import disagreements, hearing, ledger, outbox
from gateway.enrolment.disagreements import DisagreementKind
from gateway.enrolment.filed import Change, Filed, Step, to_filed
from gateway.enrolment.hearing import GIVEN_UP, Said, Told
from gateway.enrolment.outbox import Operation
from gateway.enrolment.places import NoPlaceError
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment
from gateway.storage.settling_tables import partner_report
from gateway.storage.upsert import insert_into
from schema.model.enrolment import EnrolmentStatus
from schema.model.values import PartnerCode, Reference

LONGEST_REFERENCE = 64
HIGHEST_VERSION = 2**63 - 1
CLOCKS_DIFFER_BY = timedelta(minutes=10)
_WHEN = {
    Said.REDEEMED: "redeemed_at",
    Said.COMPLETED: "completed_at",
    Said.NOT_PASSED: "completed_at",
}
_RANK = {said: rank for rank, said in enumerate(Said)}  # of what became so at the same time


class BadReportError(ValueError):
    """A report cannot be so; the message says what it must be like."""


class Applied(StrEnum):
    """What became of a report."""

    APPLIED = "APPLIED"
    OLDER = "OLDER"  # than what is known; it only fills gaps
    REPEATED = "REPEATED"
    PARKED = "PARKED"


@dataclass(frozen=True, slots=True)
class PartnerReport:
    """A partner's word on one reference; `version` is its own count of the changes, if it counts.

    Everything told may be hostile: it is kept as far as it is fit to be shown.
    """

    partner: PartnerCode
    reference: Reference
    status: Said
    occurred_at: datetime
    version: int | None = None
    reason: str | None = None
    partner_reference: str | None = None
    redeem_code: str | None = None
    access_url: str | None = None
    certificate_reference: str | None = None
    certificate_url: str | None = None

    @property
    def told(self) -> dict[str, str]:
        """The columns that it fills, as they are kept."""
        told = hearing.told_columns(self)
        told |= {
            "certificate_reference": hearing.clean(self.certificate_reference),
            "certificate_url": hearing.clean_url(self.certificate_url) or "",
            _WHEN.get(self.status, ""): self.occurred_at.isoformat(),
            "reason": hearing.clean(self.reason),
        }
        return {name: value for name, value in told.items() if name and value}


class PartnerReports:
    """Where partners' reports come in: each is recorded and carried out in one transaction."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        notify: Callable[[], None] = lambda: None,
        judge: Callable[[PartnerReport], Awaitable[None]] | None = None,
    ) -> None:
        """Make the desk; `notify` is called after each commit that changed an enrolment.

        `judge` raises `BadReportError` for what the programme's rules do not allow.
        """
        self._database = database
        self._now = now
        self._notify = notify
        self._judge = judge

    async def apply(self, report: PartnerReport) -> Applied:
        """Record a report and do what it says.  Raises `BadReportError`."""
        now = self._now()
        check(report, now)
        if self._judge is not None:
            await self._judge(report)
        applied, steps = await self._database.write(lambda c: apply_report(c, report, now))
        self._tell(steps)
        return applied

    async def apply_parked(self) -> int:
        """Carry out what had been parked, and is about something known by now."""
        if not await self._database.read(_read_ripe):
            return 0
        now = self._now()
        done = await self._database.write(lambda c: _apply_ripe(c, now))
        self._tell([step for steps in done for step in steps])
        return len(done)

    def _tell(self, steps: Sequence[Step]) -> None:
        if steps:
            ledger.count_changes(steps)
            self._notify()


def check(report: PartnerReport, now: datetime) -> None:
    """Raise `BadReportError` for what cannot be kept, or would be newest for ever."""
    if not 1 <= len(report.reference) <= LONGEST_REFERENCE or not report.reference.isprintable():
        raise BadReportError(f"a reference is 1 to {LONGEST_REFERENCE} printable characters")
    if report.occurred_at.utcoffset() is None:
        raise BadReportError("the time of a report has a zone")
    if report.occurred_at > now + CLOCKS_DIFFER_BY:
        raise BadReportError("the time of a report is not in the future; check the clock")
    if not 0 <= (report.version or 0) <= HIGHEST_VERSION:
        raise BadReportError(f"a version is from 0 to {HIGHEST_VERSION}")


def apply_report(
    connection: Connection, report: PartnerReport, now: datetime
) -> tuple[Applied, tuple[Step, ...]]:
    """Record a report and do what it says; return what became of it, and the steps it made."""
    filed = ledger.lock_filed(
        connection,
        enrolment.c.partner == report.partner,
        enrolment.c.reference == report.reference,
    )
    is_parked = filed is None or filed.sent_at is None
    if not _keep(connection, report, now, is_parked=is_parked):
        return Applied.REPEATED, ()
    if filed is None or is_parked:
        return Applied.PARKED, ()
    kept = _read_kept(connection, filed)
    if kept[-1].id != _digest(report):
        if filed.enrolment.status not in GIVEN_UP:
            ledger.change_enrolment(connection, filed, Change((), _to_columns(kept)), now)
        return Applied.OLDER, ()
    return Applied.APPLIED, catch_up(connection, filed, now)


def catch_up(connection: Connection, filed: Filed, now: datetime) -> tuple[Step, ...]:
    """Bring an enrolment to where its newest report says it is; return the steps."""
    kept = _read_kept(connection, filed)
    if not kept:
        return ()
    newest = kept[-1]
    told = Told(
        Said(newest.status), newest.occurred_at, newest.told.get("reason", ""), _to_columns(kept)
    )
    return follow_word(connection, filed, told, now)


def follow_word(
    connection: Connection, filed: Filed, told: Told, now: datetime
) -> tuple[Step, ...]:
    """Bring an enrolment to where its partner says it is; return the steps."""
    heard = hearing.hear(filed, told, now)
    try:
        with connection.begin_nested():
            ledger.change_enrolment(connection, filed, heard.change, now)
    except NoPlaceError:
        detail = "the partner gave a place, but none of ours is left"
        disagreements.note(
            connection, filed.enrolment.id, DisagreementKind.NO_PLACE_LEFT, detail, now
        )
        return ()
    if filed.enrolment.status is EnrolmentStatus.WAITLISTED and heard.change.steps:
        disagreements.clear(connection, filed.enrolment.id, DisagreementKind.NO_PLACE_LEFT)
    if heard.is_unwanted:
        outbox.put_errand(connection, filed, now, Operation.CANCEL)
    if heard.conflict is not None:
        kind = DisagreementKind.PARTNER_DISAGREES
        disagreements.note(connection, filed.enrolment.id, kind, heard.conflict, now)
    return heard.change.steps


def _keep(connection: Connection, report: PartnerReport, now: datetime, *, is_parked: bool) -> bool:
    """Keep a report; return whether it is the first of its kind."""
    row = {
        "id": _digest(report),
        "partner": report.partner,
        "reference": report.reference,
        "version": report.version or 0,
        "occurred_at": report.occurred_at,
        "status": report.status,
        "told": report.told,
        "received_at": now,
        "is_parked": is_parked,
    }
    kept = insert_into(connection, partner_report).values(row).on_conflict_do_nothing()
    return connection.execute(kept.returning(partner_report.c.id)).first() is not None


def _digest(report: PartnerReport) -> str:
    moment = report.occurred_at.timestamp()
    said = [report.partner, report.reference, report.version or 0, moment, report.status]
    told = sorted(report.told.items())
    return hashlib.sha256(json.dumps([said, told]).encode()).hexdigest()


def _read_kept(connection: Connection, filed: Filed) -> list[Row[Any]]:
    """Return all reports about an enrolment, the newest last."""
    record = filed.enrolment
    rows = connection.execute(
        select(partner_report).where(
            partner_report.c.partner == record.partner,
            partner_report.c.reference == record.reference,
            ~partner_report.c.is_parked,
        )
    )
    return sorted(
        rows, key=lambda row: (row.version, row.occurred_at, _RANK[Said(row.status)], row.id)
    )


def _to_columns(kept: Sequence[Row[Any]]) -> dict[str, Any]:
    """Return what all reports together tell: of each column the newest word."""
    told: dict[str, Any] = {}
    for row in kept:
        told |= row.told
    told.pop("reason", None)
    for name in set(_WHEN.values()) & told.keys():
        told[name] = datetime.fromisoformat(told[name])
    return told


def _read_ripe(connection: Connection) -> Sequence[Filed]:
    """Return enrolments that parked reports are about, once they have been sent."""
    rows = connection.execute(
        select(enrolment)
        .join(
            partner_report,
            (partner_report.c.reference == enrolment.c.reference)
            & (partner_report.c.partner == enrolment.c.partner),
        )
        .where(partner_report.c.is_parked, enrolment.c.sent_at.is_not(None))
        .distinct()
        .limit(100)
    )
    return [to_filed(row) for row in rows]


def _apply_ripe(connection: Connection, now: datetime) -> list[tuple[Step, ...]]:
    done = []
    for each in _read_ripe(connection):
        filed = ledger.lock_filed(connection, enrolment.c.id == each.enrolment.id)
        if filed is None:
            continue
        connection.execute(
            update(partner_report)
            .where(
                partner_report.c.partner == filed.enrolment.partner,
                partner_report.c.reference == filed.enrolment.reference,
            )
            .values(is_parked=False)
        )
        done.append(catch_up(connection, filed, now))
    return done
