"""Clients that keep a copy of the catalogue, and the processes that they follow."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from gateway.catalogue.changes import ChangeFeed, SnapshotChanges
from gateway.catalogue.follower import CatalogueFollower
from schema.change_ports import ChangePage
from schema.model.catalogue import Course
from schema.model.values import CourseId
from tests.catalogue import NOON, PINTARIA, a_partner
from tests.integration.catalogue.conftest import Workbench


@dataclass
class Copy:
    """A client that keeps a copy of the catalogue."""

    since: int = 0
    courses: dict[CourseId, Course] = field(default_factory=dict)

    def apply(self, page: ChangePage) -> None:
        for change in page.part.nodes:
            if change.course is None:
                self.courses.pop(change.course_id, None)
            else:
                self.courses[change.course_id] = change.course

    async def follow(
        self,
        look: Callable[[], Awaitable[SnapshotChanges]],
        sizes: Sequence[int] = (100,),
    ) -> None:
        """Page to the end; every page is asked of the newest catalogue."""
        after, number = None, 0
        while True:
            size = sizes[number % len(sizes)]
            page = await (await look()).read_changes(self.since, size, after)
            self.apply(page)
            number += 1
            if not page.part.has_next:
                self.since = page.revision
                return
            after = page.part.cursors[-1]


class Process:
    """A serving process over the store."""

    def __init__(self, bench: Workbench) -> None:
        self.feed = ChangeFeed(bench.database)
        self.follower = CatalogueFollower(
            bench.store, [a_partner(), a_partner(PINTARIA)], bench.clock
        )

    def changes(self) -> SnapshotChanges:
        """Return what a request sees that comes before the process follows."""
        return self.feed.as_of(self.follower.reader(NOON), self.follower.snapshot)

    async def look(self) -> SnapshotChanges:
        await self.follower.refresh()
        return self.changes()

    async def whole(self) -> dict[CourseId, Course]:
        await self.follower.refresh()
        courses = self.follower.snapshot.courses
        return {each.id: each for each in courses.values() if not each.withdrawn}
