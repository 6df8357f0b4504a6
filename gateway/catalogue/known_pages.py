"""The pages of the list that stands, as their partner would be asked whether they have changed.

A page's validators speak of the pages after it, too, up to the next that has some.  A list is
known when all of its pages are spoken for.  It is forgotten when it would be read otherwise now:
by other options (the fingerprint), or by another version of ours.  Functions of a connection.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

from sqlalchemy import Connection, delete, insert, select

from adapters.base import Cursor, Validators
from gateway.catalogue.cleaning import VERSION as CLEANING_VERSION
from gateway.storage.sync_tables import known_page, partner_status, staged_page
from schema.model.values import PartnerCode

MOST_ASKED = 100  # pages: a longer list is rather read, for it might have changed at its end


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A page that can be asked for by what it was."""

    cursor: Cursor | None
    validators: Validators


@cache
def reading() -> str:
    """Return what stands for how this version reads lists, whatever its partner's options."""
    return f"{version('mitra-gateway')}/{CLEANING_VERSION}"


def to_known_pages(
    pages: Iterable[tuple[Cursor | None, Validators | None]],
) -> tuple[KnownPage, ...]:
    """Return which pages of a list have to be asked; none, if some cannot be."""
    told = list(pages)
    asked = [(cursor, validators) for cursor, validators in told if validators is not None]
    is_spoken_for = bool(told) and told[0][1] is not None and all(each for _, each in asked)
    if not is_spoken_for or len(asked) > MOST_ASKED:
        return ()
    return tuple(KnownPage(cursor, validators) for cursor, validators in asked)


def read_known_pages(
    connection: Connection, partner: PartnerCode, fingerprint: str
) -> tuple[KnownPage, ...]:
    """Return the known pages of the list that stands, if it was read as it would be now."""
    rows = connection.execute(
        select(known_page.c.cursor, known_page.c.etag, known_page.c.last_modified)
        .join(partner_status, partner_status.c.partner == known_page.c.partner)
        .where(known_page.c.partner == partner, known_page.c.reading == reading())
        .where(partner_status.c.fingerprint == fingerprint)
        .order_by(known_page.c.number)
    )
    return tuple(KnownPage(row.cursor, Validators(row.etag, row.last_modified)) for row in rows)


def keep_known_pages(connection: Connection, partner: PartnerCode, run_id: int) -> None:
    """Let the pages of a run, which is staged still, be those of the list that stands."""
    staged = connection.execute(
        select(staged_page.c.cursor, staged_page.c.has_validators)
        .add_columns(staged_page.c.etag, staged_page.c.last_modified)
        .where(staged_page.c.run_id == run_id)
        .order_by(staged_page.c.number)
    )
    known = to_known_pages(
        (row.cursor, Validators(row.etag, row.last_modified) if row.has_validators else None)
        for row in staged
    )
    connection.execute(delete(known_page).where(known_page.c.partner == partner))
    rows = [
        {
            "partner": partner, "number": number, "reading": reading(), "cursor": page.cursor,
            "etag": page.validators.etag, "last_modified": page.validators.last_modified,
        }
        for number, page in enumerate(known, start=1)
    ]  # fmt: skip
    if rows:
        connection.execute(insert(known_page), rows)
