"""What stands of a page's offerings, read before the page is cleaned."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import Connection, not_, select

from gateway.catalogue.drafts import Standing
from gateway.storage.catalogue_tables import offering

CHUNK = 1_000  # ids in one statement

T = TypeVar("T")


def read_standing(connection: Connection, ids: Sequence[str]) -> Mapping[str, Standing]:
    """Return what stands, on sale, of the offerings with these ids."""
    found: dict[str, Standing] = {}
    for chunk in chunks(ids):
        rows = connection.execute(
            select(offering.c.id, offering.c.raw_hash, offering.c.content_hash).where(
                offering.c.id.in_(chunk), not_(offering.c.withdrawn)
            )
        )
        found.update((row.id, Standing(row.raw_hash, row.content_hash)) for row in rows)
    return found


def chunks(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield `ids` in parts of as many as one statement takes."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
