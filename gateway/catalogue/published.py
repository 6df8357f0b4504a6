"""What is published for the web: which courses there are pages of, and when each last changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, func, select

from gateway.catalogue.changes import ChangeFeed
from gateway.catalogue.snapshot import Snapshot
from gateway.storage.catalogue_tables import offering
from gateway.storage.engine import Database
from schema.model.values import CourseId


class PublishedCourses:
    """Reads when courses changed; a part is so many live courses, in order of their ids."""

    def __init__(self, database: Database, feed: ChangeFeed, part_size: int) -> None:
        self._database = database
        self._feed = feed
        self._part_size = part_size

    def parts(self, snapshot: Snapshot) -> Sequence[Sequence[CourseId]]:
        """Return the ids of the live courses, in parts."""
        ids = self._feed.live_ids(snapshot)
        return [ids[at : at + self._part_size] for at in range(0, len(ids), self._part_size)]

    async def read_changed_at(self, course_id: CourseId) -> datetime | None:
        """Return when anything of a course last changed."""
        return await self._read_last_change(offering.c.course_id == course_id)

    async def read_part_changed_at(self, part: Sequence[CourseId]) -> datetime | None:
        """Return when anything of a part's courses last changed."""
        return await self._read_last_change(offering.c.course_id.between(part[0], part[-1]))

    async def read_changes_of(self, part: Sequence[CourseId]) -> Mapping[CourseId, datetime]:
        """Return when anything of each of a part's courses last changed."""
        question = (
            select(offering.c.course_id, func.max(offering.c.changed_at))
            .where(offering.c.course_id.between(part[0], part[-1]))
            .group_by(offering.c.course_id)
        )
        rows = await self._database.read(lambda c: c.execute(question).all())
        return {CourseId(course_id): changed_at for course_id, changed_at in rows}

    async def _read_last_change(self, is_meant: ColumnElement[bool]) -> datetime | None:
        question = select(func.max(offering.c.changed_at)).where(is_meant)
        found = await self._database.read(lambda c: c.execute(question).scalar())
        return cast("datetime | None", found)
