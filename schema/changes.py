"""`catalogueChanges`: the delta feed."""

import re
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.change_ports import ChangePage, ChangesExpiredError, UnknownRevisionError
from schema.context import Info
from schema.errors import ErrorCode, bad_user_input, to_error
from schema.paging import DEFAULT_SIZE, After, First, checked_cursors, checked_size, given
from schema.types.changes import CatalogueChangeConnection
from schema.types.described import argument

_REVISION = re.compile(r"[0-9]{1,15}", re.ASCII)


@strawberry.type
class ChangesQuery:
    """The part of the query root that tells what changed."""

    @strawberry.field(
        description="What changed since a revision, one entry per course with the net effect. "
        "Apply every page, then go on with `since: <revision>`. A revision older than the kept "
        'log is refused with CHANGES_EXPIRED: begin again with "0".',
        graphql_type=CatalogueChangeConnection,
    )
    async def catalogue_changes(
        self,
        info: Info,
        *,
        since: Annotated[
            str, argument('The `revision` of the last answer; "0" asks for every live course.')
        ] = "0",
        first: First = UNSET,
        after: After = UNSET,
    ) -> ChangePage:
        """Return one page of what changed."""
        revision = to_revision(since)
        size = given(first)
        size = checked_size("first", DEFAULT_SIZE if size is None else size)
        try:
            with checked_cursors():
                return await info.context.changes.read_changes(revision, size, given(after))
        except UnknownRevisionError as exc:
            raise bad_user_input(
                f"`since` is {since}, which no answer has named yet; pass the `revision` of one"
            ) from exc
        except ChangesExpiredError as exc:
            raise to_error(
                ErrorCode.CHANGES_EXPIRED,
                f"changes since {since} are no longer kept (the oldest kept are since "
                f'{exc.kept_since}); drop the copy and begin again with `since: "0"`',
            ) from exc


def to_revision(since: str) -> int:
    """Return the revision that a client names.  Raises BAD_USER_INPUT."""
    if not _REVISION.fullmatch(since):
        raise bad_user_input('`since` is the `revision` of an answer, or "0" for everything')
    return int(since)
