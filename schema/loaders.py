"""What one request reads in one go, however many of its fields ask for it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from strawberry.dataloader import DataLoader

from schema.model.values import CourseId

MOST_AT_ONCE = 500  # courses in one read
ReadDescriptions = Callable[[Sequence[CourseId]], Awaitable[Mapping[CourseId, str]]]


class DescriptionLoader:
    """Long descriptions, which are not kept in memory; make one per request."""

    def __init__(self, read: ReadDescriptions) -> None:
        self._read = read
        self._loader: DataLoader[CourseId, str | None] = DataLoader(
            load_fn=self._load, max_batch_size=MOST_AT_ONCE
        )

    async def load(self, course_id: CourseId) -> str | None:
        """Return a course's description, or None."""
        return await self._loader.load(course_id)

    async def _load(self, course_ids: list[CourseId]) -> list[str | None]:
        found = await self._read(course_ids)
        return [found.get(each) for each in course_ids]
