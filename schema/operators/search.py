"""What helps somebody who is typing."""

from collections.abc import Sequence
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.errors import bad_user_input
from schema.search_ports import Suggestion as SuggestionRecord
from schema.types.described import argument
from schema.types.search import Suggestion, to_search

DEFAULT_SUGGESTIONS = 8
MOST_SUGGESTIONS = 20


@strawberry.type
class SearchQuery:
    """Entry points beside `courses`."""

    @strawberry.field(
        description="What somebody who has typed this may mean: words that go on so, "
        "institutions, and the titles that fit best.",
        graphql_type=list[Suggestion],
    )
    def course_suggestions(
        self,
        info: Info,
        text: Annotated[
            str | None, argument("What has been typed, at most 200 characters.")
        ] = UNSET,
        first: Annotated[
            int | None, argument(f"How many at most, 1 to {MOST_SUGGESTIONS}.")
        ] = DEFAULT_SUGGESTIONS,
    ) -> Sequence[SuggestionRecord]:
        """Complete what is being typed."""
        wanted = DEFAULT_SUGGESTIONS if first is None else first
        if not 1 <= wanted <= MOST_SUGGESTIONS:
            raise bad_user_input(f"`first` is from 1 to {MOST_SUGGESTIONS}, not {wanted}")
        searched = to_search(text, "text")
        return info.context.search.suggestions(searched, wanted) if searched else []
