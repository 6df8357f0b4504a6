"""The event feed: what happens to all enrolments, in the order in which it was recorded.

The order is that of the audit chain: a row gets its number soon after its commit, and never
ahead of one that is still to come.  So whoever has read up to a number has missed nothing.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from gateway.enrolment.cursors import from_cursor, to_cursor
from gateway.enrolment.events import to_event
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, enrolment_event
from schema.model.progress import FeedEvent, FeedPage
from schema.model.values import CourseId, EnrolmentId, PartnerCode, Reference
from schema.ports import BadCursorError

_LIST = ("feed",)


class EventFeed:
    """Reads the feed: implements `schema.enrolment_ports.EventFeed`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read_feed(self, after: str | None, size: int) -> FeedPage:
        """Return events in the order of their recording.  Raises `BadCursorError`.

        The cursor of an empty page is where the next event will be.
        """
        place = 0 if after is None else _from_cursor(after)
        found = await self._database.read(lambda c: read_after(c, place, size + 1))
        page = tuple(found[:size])
        reached = page[-1].number if page else place
        return FeedPage(page, _to_cursor(reached), has_more=len(found) > size)


def read_after(
    connection: Connection, place: int, limit: int, statuses: Collection[str] = ()
) -> list[FeedEvent]:
    """Return the events behind a place, in order; with `statuses` those that led to one of them."""
    question = _question().where(enrolment_event.c.seal > place)
    if statuses:
        question = question.where(enrolment_event.c.after.in_(sorted(statuses)))
    rows = connection.execute(question.order_by(enrolment_event.c.seal).limit(limit))
    return [_to_feed_event(row) for row in rows]


def read_numbered(connection: Connection, numbers: Collection[int]) -> list[FeedEvent]:
    """Return the events with these numbers, in order."""
    question = _question().where(enrolment_event.c.seal.in_(sorted(numbers)))
    return [_to_feed_event(row) for row in connection.execute(question.order_by("seal"))]


def read_end(connection: Connection) -> int:
    """Return the number of the newest event; 0 before the first."""
    sealed = enrolment_event.c.seal.is_not(None)  # or SQLite does not see that its index fits
    newest = select(func.max(enrolment_event.c.seal)).where(sealed)
    return connection.execute(newest).scalar_one() or 0


def read_start(connection: Connection, since: datetime) -> int:
    """Return the place ahead of the first event that was at `since` or later."""
    first = select(func.min(enrolment_event.c.seal)).where(enrolment_event.c.at >= since)
    number = connection.execute(first).scalar_one()
    return read_end(connection) if number is None else number - 1


def _question() -> Select[Any]:
    columns = ("reference", "partner", "course_id")
    return select(enrolment_event, *(enrolment.c[name] for name in columns)).join(
        enrolment, enrolment.c.id == enrolment_event.c.enrolment_id
    )


def _to_feed_event(row: Row[Any]) -> FeedEvent:
    return FeedEvent(
        number=row.seal,
        enrolment_id=EnrolmentId(row.enrolment_id),
        reference=Reference(row.reference),
        partner=PartnerCode(row.partner),
        course_id=CourseId(row.course_id),
        event=to_event(row),
    )


def _to_cursor(place: int) -> str:
    return to_cursor(_LIST, place)


def _from_cursor(cursor: str) -> int:
    place = int(from_cursor(cursor, _LIST, int)[0])
    if not 0 <= place < 2**63:
        raise BadCursorError("the cursor belongs to another list; start again without one")
    return place
