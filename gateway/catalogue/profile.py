"""The fields that a list's rows have, counted page by page and kept with its run."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from adapters.base import Page
from gateway.catalogue.alarms import Profile
from gateway.catalogue.cleaning import visible
from gateway.storage.sync_tables import seen_field
from gateway.storage.upsert import insert_into
from schema.model.catalogue import Offering
from schema.model.values import CourseLevel, DeliveryMode

MOST_NAMES = 600  # in one run, of both origins together
NAME_LENGTH = 250
RAW, RECORD = "raw", "record"

# Not the list price: a campaign that ends takes it from every row.
RECORD_FIELDS: Mapping[str, Callable[[Offering], Any]] = {
    "title": lambda each: each.listed.title,  # in every row, and so their number
    "summary": lambda each: each.listed.summary,
    "description": lambda each: each.listed.description_html,
    "category": lambda each: each.listed.category,
    "level": lambda each: each.listed.level is not CourseLevel.UNKNOWN,
    "duration": lambda each: each.listed.duration_minutes,
    "rating": lambda each: each.listed.rating,
    "image": lambda each: each.listed.image_url,
    "price": lambda each: each.price,
    "delivery mode": lambda each: each.delivery_mode is not DeliveryMode.UNKNOWN,
    "address": lambda each: each.url,
    "sessions": lambda each: each.sessions,
}


def to_profile(page: Page) -> Profile:
    """Return which fields the rows of a page have."""
    raw: dict[str, int] = {}
    for name, rows in page.fields.items():
        shown = visible(name)[:NAME_LENGTH]
        raw[shown] = max(rows, raw.get(shown, 0))
    return Profile(raw=raw, record=_count_record_fields(page.offerings))


def add_profile(connection: Connection, run_id: int, profile: Profile) -> None:
    """Add a page's counts to those of its run; names beyond `MOST_NAMES` are not kept."""
    before = read_profile(connection, run_id) or Profile()
    left = MOST_NAMES - len(before.raw) - len(before.record)
    values = []
    for origin, counts, known in (
        (RECORD, profile.record, before.record),
        (RAW, profile.raw, before.raw),
    ):
        fresh = [name for name in counts if name not in known][: max(left, 0)]
        left -= len(fresh)
        kept = known.keys() | set(fresh)
        values += [
            {"run_id": run_id, "origin": origin, "name": name, "rows": rows}
            for name, rows in sorted(counts.items())
            if name in kept
        ]
    if not values:
        return
    statement = insert_into(connection, seen_field)
    more = seen_field.c.rows + statement.excluded.rows
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["run_id", "origin", "name"], set_={"rows": more}
        ),
        values,
    )


def read_profile(connection: Connection, run_id: int | None) -> Profile | None:
    """Return which fields the rows of a run had, or None if that was not counted."""
    found: dict[str, dict[str, int]] = {RAW: {}, RECORD: {}}
    question = select(seen_field).where(seen_field.c.run_id == func.coalesce(run_id, 0))
    for row in connection.execute(question):
        found[row.origin][row.name] = row.rows
    return Profile(found[RAW], found[RECORD]) if any(found.values()) else None


def _count_record_fields(offerings: Iterable[Offering]) -> Mapping[str, int]:
    counts = dict.fromkeys(RECORD_FIELDS, 0)
    for offering in offerings:
        for name, read in RECORD_FIELDS.items():
            if read(offering) not in (None, False, (), ""):
                counts[name] += 1
    return {name: rows for name, rows in counts.items() if rows}
