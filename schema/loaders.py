"""What one request reads in one go, however many of its fields ask for it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from strawberry.dataloader import DataLoader

from schema.errors import bad_user_input
from schema.model.catalogue import Offering
from schema.model.quotes import KnownQuote
from schema.model.values import CourseId, OfferingId

MOST_AT_ONCE = 500  # courses in one read
MOST_QUOTES = 20  # of one request
ReadQuotes = Callable[[Sequence[Offering]], Awaitable[Mapping[OfferingId, KnownQuote]]]
ReadDescriptions = Callable[[Sequence[CourseId]], Awaitable[Mapping[CourseId, str]]]


class DescriptionLoader:
    """Long descriptions, which are not kept in memory; make one per request."""

    def __init__(self, read: ReadDescriptions) -> None:
        self._read = read
        self._loader: DataLoader[CourseId, str | None] | None = None  # few requests want one

    async def load(self, course_id: CourseId) -> str | None:
        """Return a course's description, or None."""
        if self._loader is None:
            self._loader = DataLoader(
                load_fn=partial(_descriptions, self._read), max_batch_size=MOST_AT_ONCE
            )
        return await self._loader.load(course_id)


class QuoteLoader:
    """Live quotes, of which one request gets `MOST_QUOTES`; make one per request.

    Nothing is remembered here: a subscription's later answers are of their own time.
    """

    def __init__(self, read: ReadQuotes) -> None:
        self._asked: set[OfferingId] = set()
        self._has_refused = False
        self._read = read
        self._loader: DataLoader[Offering, KnownQuote | None] | None = None

    async def load(self, offering: Offering) -> KnownQuote | None:
        """Return what is known of an offering; None if nothing is.

        Raises BAD_USER_INPUT, once, when there are more than are answered; the others are None.
        """
        if offering.id not in self._asked:
            if len(self._asked) >= MOST_QUOTES:
                self._refuse()
                return None
            self._asked.add(offering.id)
        if self._loader is None:
            self._loader = DataLoader(load_fn=partial(_quotes, self._read), cache=False)
        return await self._loader.load(offering)

    def _refuse(self) -> None:
        if self._has_refused:
            return
        self._has_refused = True
        raise bad_user_input(
            f"`quote` asks partners, so one request gets {MOST_QUOTES} at most; the others are "
            "null: ask for them in further requests"
        )


# Functions, not methods: loaders that know themselves would stay until garbage is looked for.
async def _descriptions(read: ReadDescriptions, course_ids: list[CourseId]) -> list[str | None]:
    found = await read(course_ids)
    return [found.get(each) for each in course_ids]


async def _quotes(read: ReadQuotes, offerings: list[Offering]) -> list[KnownQuote | None]:
    found = await read(list({each.id: each for each in offerings}.values()))
    return [found.get(each.id) for each in offerings]
