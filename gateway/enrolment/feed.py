"""The event feed: what happens to all enrolments, in the order in which it was recorded.

The order is that of the audit chain: a row gets its number soon after its commit, and never
ahead of one that is still to come.  So whoever has read up to a number has missed nothing.
"""

import base64
import json
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.enrolment.events import to_event
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, enrolment_event
from schema.model.progress import FeedEvent, FeedPage
from schema.model.values import CourseId, EnrolmentId, PartnerCode, Reference
from schema.ports import BadCursorError

_LONGEST_CURSOR = 100


class EventFeed:
    """Reads the feed: implements `schema.enrolment_ports.EventFeed`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read_feed(self, after: str | None, size: int) -> FeedPage:
        """Return events in the order of their recording.  Raises `BadCursorError`.

        The cursor of an empty page is where the next event will be.
        """
        place = 0 if after is None else _from_cursor(after)
        rows = await self._database.read(lambda c: _read_rows(c, place, size + 1))
        found = [_to_feed_event(row) for row in rows[:size]]
        reached = found[-1].number if found else place
        return FeedPage(tuple(found), _to_cursor(reached), has_more=len(rows) > size)


def _read_rows(connection: Connection, place: int, limit: int) -> list[Row[Any]]:
    columns = ("reference", "partner", "course_id")
    question = (
        select(enrolment_event, *(enrolment.c[name] for name in columns))
        .join(enrolment, enrolment.c.id == enrolment_event.c.enrolment_id)
        .where(enrolment_event.c.seal > place)
        .order_by(enrolment_event.c.seal)
        .limit(limit)
    )
    return list(connection.execute(question))


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
    return base64.urlsafe_b64encode(json.dumps(["feed", place]).encode()).decode().rstrip("=")


def _from_cursor(cursor: str) -> int:
    try:
        if len(cursor) > _LONGEST_CURSOR:
            raise ValueError("too long")  # noqa: TRY301 - one way out for every bad cursor
        padded = cursor + "=" * (-len(cursor) % 4)
        kind, place = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, TypeError) as exc:
        raise BadCursorError("this is no cursor; start again without one") from exc
    if kind != "feed" or type(place) is not int or not 0 <= place < 2**63:
        raise BadCursorError("the cursor belongs to another list; start again without one")
    return place
