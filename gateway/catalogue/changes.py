"""What changed since a revision, for clients that keep a copy of the catalogue.

Which courses changed, and whether a client that stands at `since` knows them, is read from
the change log; what they are now comes from the snapshot of the request.  A course is told
once, at the place of its last change, so a page costs what it reads of the log and not what
is behind it.  The cursor pins the revision of the first page.  Records of later pages may be newer
than that: such a course changed again, and comes again with the next `since`.  For the same
reason what came and went since is told as withdrawn: a later page may have shown it.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from weakref import ref

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select, update

from gateway.catalogue.snapshot import Snapshot
from gateway.catalogue.visibility import UNSEEN
from gateway.storage.catalogue_tables import block_revision, change_log, revision
from gateway.storage.engine import Database
from schema.change_ports import (
    CatalogueChange,
    CatalogueChangeKind,
    ChangePage,
    ChangesExpiredError,
    UnknownRevisionError,
)
from schema.model.values import CourseId
from schema.ports import BadCursorError, CatalogueReader, Slice

_CURSOR = re.compile(r"([0-9]{1,15})\.([0-9]{1,15})\.([0-9]{1,15})\.([!-~]{1,40})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list stands: up to which revision it speaks, and behind which change it goes on."""

    upto: int
    revision: int = 0
    course_id: CourseId | None = None


class ChangeFeed:
    """Reads the change log; `as_of` gives what one request sees of it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listed: tuple[ref[Snapshot] | None, Sequence[CourseId]] = (None, ())

    def as_of(self, reader: CatalogueReader, snapshot: Snapshot) -> "SnapshotChanges":
        """Return the log as one request sees it; `reader` is over `snapshot`."""
        return SnapshotChanges(self, reader, snapshot)

    async def read_log(
        self, since: int, place: Place, size: int
    ) -> Sequence[tuple[int, CourseId, bool]]:
        """Return (revision, course, was it live at `since`) of the next `size` net changes."""
        return await self._database.read(lambda c: _net_changes(c, since, place, size))

    async def read_revision(self) -> int:
        """Return the newest revision that is committed."""
        question = select(revision.c.number)
        return await self._database.read(lambda c: c.execute(question).scalar_one())

    async def prune(self, keep: int) -> int:
        """Forget all but the last `keep` revisions; return how many log rows went."""
        return await self._database.write(lambda connection: prune_changes(connection, keep))

    def live_ids(self, snapshot: Snapshot) -> Sequence[CourseId]:
        """Return the live courses' ids, sorted; worked out once per snapshot."""
        listed = self._listed[0]
        if listed is None or listed() is not snapshot:
            self._listed = (ref(snapshot), sorted(snapshot.live_ids()))
        return self._listed[1]


class SnapshotChanges:
    """Implements `schema.change_ports.CatalogueChanges` for one request."""

    def __init__(self, feed: ChangeFeed, reader: CatalogueReader, snapshot: Snapshot) -> None:
        self._feed = feed
        self._reader = reader
        self._snapshot = snapshot

    async def read_changes(self, since: int, size: int, after: str | None) -> ChangePage:
        """See `CatalogueChanges.read_changes`."""
        shown = self._reader.revision
        place = Place(shown) if after is None else from_cursor(after, since)
        if place.upto > shown:  # another process, that is ahead, began the list
            place = Place(shown, place.revision, place.course_id)
        if since == 0:
            found = list(islice(self._everything(place), size + 1))
        elif since > shown:
            if since > await self._feed.read_revision():
                raise UnknownRevisionError(since)
            return ChangePage(Slice((), (), has_next=False, has_previous=False, total=0), since)
        else:
            found = [
                (number, self._change(course_id, was_live=was_live))
                for number, course_id, was_live in await self._feed.read_log(since, place, size + 1)
            ]
        return _to_page(found, since, size, place, has_previous=after is not None)

    def _everything(self, place: Place) -> Iterator[tuple[int, CatalogueChange]]:
        ids = self._feed.live_ids(self._snapshot)
        start = bisect_right(ids, place.course_id) if place.course_id else 0
        for course_id in islice(ids, start, None):
            change = self._change(course_id, was_live=False)
            if change.course is not None:
                yield 0, change

    def _change(self, course_id: CourseId, *, was_live: bool) -> CatalogueChange:
        course = self._reader.course(course_id)
        # A reader that redirects a merged id gives another course: this one is gone.
        merged_into = course.id if course is not None and course.id != course_id else None
        if course is None or course.withdrawn or merged_into is not None:
            kind = CatalogueChangeKind.WITHDRAWN
            return CatalogueChange(kind, course_id, merged_into=merged_into)
        kind = CatalogueChangeKind.CHANGED if was_live else CatalogueChangeKind.ADDED
        return CatalogueChange(kind, course_id, course)


def prune_changes(connection: Connection, keep: int) -> int:
    """Forget the log but for its last `keep` revisions, and remember since when it is kept."""
    row = connection.execute(select(revision)).one()
    oldest = row.number - keep
    if oldest <= row.kept_since:
        return 0
    connection.execute(update(revision).values(kept_since=oldest))
    connection.execute(delete(block_revision).where(block_revision.c.number <= oldest))
    gone = connection.execute(delete(change_log).where(change_log.c.revision <= oldest))
    return gone.rowcount


def to_cursor(since: int, place: Place) -> str:
    """Return the cursor of a place in the changes after `since`."""
    text = f"{since}.{place.upto}.{place.revision}.{place.course_id}"
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def from_cursor(cursor: str, since: int) -> Place:
    """Return the place that `cursor` names in the changes after `since`.

    Raises `BadCursorError`.
    """
    try:
        text = urlsafe_b64decode(cursor[:200] + "=" * (-len(cursor[:200]) % 4)).decode()
    except ValueError as exc:
        raise BadCursorError("the cursor cannot be read") from exc
    found = _CURSOR.fullmatch(text)
    if found is None or int(found[1]) != since:
        raise BadCursorError("the cursor belongs to another question")
    return Place(int(found[2]), int(found[3]), CourseId(found[4]))


def _to_page(
    found: Sequence[tuple[int, CatalogueChange]],
    since: int,
    size: int,
    place: Place,
    *,
    has_previous: bool,
) -> ChangePage:
    shown = found[:size]
    part = Slice(
        nodes=[change for _, change in shown],
        cursors=[
            to_cursor(since, Place(place.upto, number, change.course_id))
            for number, change in shown
        ],
        has_next=len(found) > size,
        has_previous=has_previous,
        total=len(shown),
    )
    return ChangePage(part, place.upto)


def _net_changes(
    connection: Connection, since: int, place: Place, size: int
) -> list[tuple[int, CourseId, bool]]:
    kept_since = connection.execute(select(revision.c.kept_since)).scalar_one()
    if since < kept_since:
        raise ChangesExpiredError(kept_since)
    log, later, earlier = change_log, change_log.alias("later"), change_log.alias("earlier")
    changes_again = exists().where(
        later.c.course_id == log.c.course_id,
        later.c.revision > log.c.revision,
        later.c.revision <= place.upto,
        later.c.kind != UNSEEN,
    )
    first_kind = (
        select(earlier.c.kind)
        .where(
            earlier.c.course_id == log.c.course_id,
            earlier.c.revision > since,
            earlier.c.kind != UNSEEN,
        )
        .order_by(earlier.c.revision)
        .limit(1)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(log.c.revision, log.c.course_id, first_kind.label("first_kind"))
        .where(_is_behind(place, since), log.c.revision <= place.upto, log.c.kind != UNSEEN)
        .where(~changes_again)
        .order_by(log.c.revision, log.c.course_id)
        .limit(size)
    )
    return [(row.revision, CourseId(row.course_id), row.first_kind != "ADDED") for row in rows]


def _is_behind(place: Place, since: int) -> ColumnElement[bool]:
    """Return whether a log row comes after `place`, in words that an index understands."""
    number, course_id = change_log.c.revision, change_log.c.course_id
    if place.revision <= since:
        return number > since
    same: Any = and_(number == place.revision, course_id > place.course_id)
    return and_(number >= place.revision, or_(number > place.revision, same))
