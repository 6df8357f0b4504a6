"""A run's pages in the database, until they are applied.

Functions of a connection: the caller owns the transaction.  Each page is compared with what
stands while it is staged, so an unchanged row leaves only its digest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from adapters.base import Validators
from gateway.catalogue.records import digest, from_payload, from_session_payload
from gateway.catalogue.rows import (
    OfferingRow,
    PageRows,
    counted_terms,
    to_offering_row,
    with_sessions,
)
from gateway.catalogue.runs import Counts, OpenRun
from gateway.catalogue.standing import chunks
from gateway.storage.catalogue_tables import offering
from gateway.storage.sync_tables import (
    left_out,
    quarantine,
    staged_offering,
    staged_page,
    staged_session,
    sync_run,
    unknown_term,
)
from gateway.storage.upsert import insert_into
from schema.model.catalogue import Session
from schema.model.values import derived_id


@dataclass(frozen=True, slots=True)
class Staged:
    """A run after one more page; a page without news brought no key that was not there."""

    run: OpenRun
    has_news: bool


def stage_page(connection: Connection, run: OpenRun, page: PageRows, now: datetime) -> Staged:
    """Write a page and move the run's checkpoint behind it, in the caller's transaction."""
    before = _staged_before(connection, run, page.offerings)
    fresh = [row for row in page.offerings if row.offering_id not in before]
    standing = _standing(connection, page.offerings)
    _stage_offerings(connection, run, page.offerings, standing)
    _stage_sessions(connection, run, page)
    _take_back(connection, run, page)
    _keep_found(connection, run, page)
    moved = replace(
        run,
        counts=run.counts + _counts(page, fresh, standing),
        pages=run.pages + 1,
        total=run.total if page.total is None else page.total,
        cursor=page.next_cursor,
        walked=page.next_cursor is None,
    )
    _write_checkpoint(connection, run, moved, page, now)
    return Staged(moved, has_news=bool(fresh or page.sessions))


def join_sessions(connection: Connection, run: OpenRun) -> OpenRun:
    """Put the sessions that came apart into their offerings; quarantine those without one."""
    run = _quarantine_orphans(connection, run)
    owners = connection.execute(
        select(staged_session.c.offering_id).where(staged_session.c.run_id == run.id).distinct()
    ).scalars()
    for ids in chunks(owners.all()):
        sessions = _staged_sessions(connection, run, ids)
        for offering_id, payload in _staged_payloads(connection, run, ids):
            joined = with_sessions(from_payload(payload), sessions[offering_id])
            row = to_offering_row(run.partner, joined)
            connection.execute(
                update(staged_offering)
                .where(_staged(run), staged_offering.c.offering_id == offering_id)
                .values(payload=row.payload, content_hash=row.content_hash, raw_hash=None)
            )
    return run


def _counts(
    page: PageRows, fresh: Sequence[OfferingRow], standing: Mapping[str, tuple[str, bool]]
) -> Counts:
    added = sum(row.offering_id not in standing for row in fresh)
    unchanged = sum(_is_unchanged(row, standing) for row in fresh)
    return Counts(
        fetched=page.fetched,
        sessions=len(page.sessions),
        duplicates=page.duplicates + len(page.offerings) - len(fresh),
        left_out=len(page.left_out),
        quarantined=len(page.rejections),
        added=added,
        changed=len(fresh) - added - unchanged,
        unchanged=unchanged,
    )


def _staged_before(
    connection: Connection, run: OpenRun, rows: Sequence[OfferingRow]
) -> frozenset[str]:
    """Return the ids of `rows` that an earlier page of this run has listed."""
    found: set[str] = set()
    for ids in chunks([row.offering_id for row in rows]):
        found.update(
            connection.execute(
                select(staged_offering.c.offering_id).where(
                    _staged(run), staged_offering.c.offering_id.in_(ids)
                )
            ).scalars()
        )
    return frozenset(found)


def _standing(
    connection: Connection, rows: Sequence[OfferingRow]
) -> Mapping[str, tuple[str, bool]]:
    """Return digest and tombstone flag of what stands of `rows`."""
    found: dict[str, tuple[str, bool]] = {}
    for ids in chunks([row.offering_id for row in rows]):
        for each in connection.execute(
            select(offering.c.id, offering.c.content_hash, offering.c.withdrawn).where(
                offering.c.id.in_(ids)
            )
        ):
            found[each.id] = (each.content_hash, each.withdrawn)
    return found


def _is_unchanged(row: OfferingRow, standing: Mapping[str, tuple[str, bool]]) -> bool:
    return standing.get(row.offering_id) == (row.content_hash, False)


def _stage_offerings(
    connection: Connection,
    run: OpenRun,
    rows: Sequence[OfferingRow],
    standing: Mapping[str, tuple[str, bool]],
) -> None:
    values = [
        {
            "run_id": run.id,
            "offering_id": row.offering_id,
            "key": row.key,
            "content_hash": row.content_hash,
            "raw_hash": row.raw_hash,
            "payload": None if _is_unchanged(row, standing) else row.payload,
            "match_key": row.match_key,
            "course_id": row.course_id,
            "institution_id": row.institution_id,
            "institution_key": row.institution_key,
            "institution_name": row.institution_name,
            "category": row.category,
            "delivery_mode": row.delivery_mode,
            "bundle": row.bundle,
        }
        for row in rows
    ]
    for chunk in chunks([row.offering_id for row in rows]):  # listed before: this one counts
        connection.execute(
            delete(staged_offering).where(_staged(run), staged_offering.c.offering_id.in_(chunk))
        )
    if values:
        connection.execute(insert(staged_offering), values)


def _stage_sessions(connection: Connection, run: OpenRun, page: PageRows) -> None:
    if not page.sessions:
        return
    statement = insert_into(connection, staged_session)
    statement = statement.on_conflict_do_update(
        index_elements=["run_id", "offering_id", "key"],
        set_={"payload": statement.excluded.payload},
    )
    connection.execute(statement, [asdict(row) | {"run_id": run.id} for row in page.sessions])


def _take_back(connection: Connection, run: OpenRun, page: PageRows) -> None:
    for ids in chunks(page.withdrawn):
        connection.execute(
            delete(staged_offering).where(_staged(run), staged_offering.c.offering_id.in_(ids))
        )


def _keep_found(connection: Connection, run: OpenRun, page: PageRows) -> None:
    """Write what did not become an offering, and the words that no mapping knows."""
    if page.rejections:
        connection.execute(
            insert(quarantine),
            [
                asdict(each)
                | {
                    "run_id": run.id,
                    "page": run.pages + 1,
                    "offering_id": each.key and derived_id(run.partner, "offering", each.key),
                    "raw_hash": digest(each.raw),
                }
                for each in page.rejections
            ],
        )
    if page.left_out:
        connection.execute(
            insert(left_out), [asdict(each) | {"run_id": run.id} for each in page.left_out]
        )
    terms = [
        {"run_id": run.id, "field": field, "text": text, "rows": rows}
        for (field, text), rows in counted_terms(page.offerings).items()
    ]
    if terms:
        statement = insert_into(connection, unknown_term)
        statement = statement.on_conflict_do_update(
            index_elements=["run_id", "field", "text"],
            set_={"rows": unknown_term.c.rows + statement.excluded.rows},
        )
        connection.execute(statement, terms)


def _write_checkpoint(
    connection: Connection, run: OpenRun, moved: OpenRun, page: PageRows, now: datetime
) -> None:
    told = asdict(page.validators or Validators()) | {
        "run_id": run.id, "number": moved.pages, "cursor": run.cursor,
        "content_hash": page.content_hash, "has_validators": page.validators is not None,
    }  # fmt: skip
    connection.execute(insert(staged_page).values(told))
    values: dict[str, Any] = asdict(moved.counts) | {
        "checkpoint_at": now,
        "cursor": moved.cursor,
        "walked": moved.walked,
        "pages": moved.pages,
        "total": moved.total,
    }
    connection.execute(update(sync_run).where(sync_run.c.id == run.id).values(values))


def _quarantine_orphans(connection: Connection, run: OpenRun) -> OpenRun:
    orphans = connection.execute(
        select(staged_session.c.offering_id, staged_session.c.key, staged_session.c.payload)
        .outerjoin(
            staged_offering,
            (staged_offering.c.run_id == staged_session.c.run_id)
            & (staged_offering.c.offering_id == staged_session.c.offering_id),
        )
        .where(staged_session.c.run_id == run.id, staged_offering.c.run_id.is_(None))
    ).all()
    if not orphans:
        return run
    reason = "is a session of an offering that is not listed"
    connection.execute(
        insert(quarantine),
        [
            {
                "run_id": run.id, "page": 0, "row": 0, "offering_id": each.offering_id,
                "key": each.key, "reason": reason, "raw": each.payload,
                "raw_hash": digest(each.payload),
            }
            for each in orphans
        ],
    )  # fmt: skip
    return replace(
        run, counts=run.counts + Counts(sessions=-len(orphans), quarantined=len(orphans))
    )


def _staged_sessions(
    connection: Connection, run: OpenRun, ids: Sequence[str]
) -> Mapping[str, list[Session]]:
    found: dict[str, list[Session]] = {offering_id: [] for offering_id in ids}
    rows = connection.execute(
        select(staged_session.c.offering_id, staged_session.c.payload)
        .where(staged_session.c.run_id == run.id, staged_session.c.offering_id.in_(ids))
        .order_by(staged_session.c.offering_id, staged_session.c.key)
    )
    for row in rows:
        found[row.offering_id].append(from_session_payload(run.partner, row.payload))
    return found


def _staged_payloads(
    connection: Connection, run: OpenRun, ids: Sequence[str]
) -> list[tuple[str, str]]:
    """Return the payloads of staged offerings; those that are as they stand have that one."""
    rows = connection.execute(
        select(staged_offering.c.offering_id, staged_offering.c.payload, offering.c.payload)
        .outerjoin(offering, offering.c.id == staged_offering.c.offering_id)
        .where(_staged(run), staged_offering.c.offering_id.in_(ids))
    )
    return [(offering_id, staged or stands) for offering_id, staged, stands in rows]


def _staged(run: OpenRun) -> Any:
    return staged_offering.c.run_id == run.id
