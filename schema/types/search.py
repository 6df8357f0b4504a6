"""How a client says what it looks for, and by what it can narrow the answer."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar, cast

import strawberry
from strawberry import UNSET, Parent

from schema import ports
from schema.errors import bad_user_input
from schema.ids import NodeKind, global_ids_of, plain_id
from schema.model.values import CourseLevel, DeliveryMode, InstitutionId, PartnerCode
from schema.paging import given
from schema.search_ports import Snippet as SnippetRecord
from schema.search_ports import Suggestion as SuggestionRecord
from schema.search_ports import SuggestionKind
from schema.types.described import described, enumerated, optional, presents
from schema.types.scalars import BigInt

LONGEST_SEARCH = 200
MOST_VALUES = 100

T = TypeVar("T")
_institution_id = global_ids_of(NodeKind.INSTITUTION)


@strawberry.input(
    description="What a course must be. Fields are and-ed, the values of one field are or-ed; "
    "null and an empty list mean any."
)
class CourseFilter:
    """The GraphQL input of `ports.CourseFilter`."""

    partners: list[str] | None = optional("Sold by one of these partners, by code.")
    institutions: list[strawberry.ID] | None = optional(
        "Given by one of these institutions, by id."
    )
    categories: list[str] | None = optional("Of one of these subjects, by code.")
    levels: list[CourseLevel] | None = optional("For this much previous knowledge.")
    delivery_modes: list[DeliveryMode] | None = optional("Given in one of these ways.")
    languages: list[str] | None = optional('In one of these languages, BCP 47 ("id").')
    regions: list[str] | None = optional(
        'Held in one of these regions, by official code ("31.71").'
    )
    price_min: BigInt | None = optional(
        "Costs at least this many rupiah; other currencies count by the operator's dated rates."
    )
    price_max: BigInt | None = optional("Costs at most this many rupiah; 0 is free.")
    starts_after: datetime | None = optional("Has a session that starts then or later.")
    starts_before: datetime | None = optional("Has a session that starts then or earlier.")
    available_only: bool | None = optional("There is a place: AVAILABLE or LIMITED.")


def to_filter(asked: CourseFilter | None) -> ports.CourseFilter:
    """Return the filter that a client asks for.  Raises BAD_USER_INPUT.

    An id that names no institution is kept as one that no course has: dropping it would
    widen the answer.
    """
    asked = given(asked)
    if asked is None:
        return ports.CourseFilter()
    institutions = _values("institutions", asked.institutions)
    return ports.CourseFilter(
        partners=_values("partners", cast("list[PartnerCode] | None", asked.partners)),
        institutions=tuple(map(_institution, institutions)),
        categories=_values("categories", asked.categories),
        levels=_values("levels", asked.levels),
        delivery_modes=_values("deliveryModes", asked.delivery_modes),
        languages=_values("languages", asked.languages),
        regions=_values("regions", asked.regions),
        price_min=given(asked.price_min),
        price_max=given(asked.price_max),
        starts_after=given(asked.starts_after),
        starts_before=given(asked.starts_before),
        available_only=bool(asked.available_only),
    )


def _institution(global_id: str) -> InstitutionId:
    return InstitutionId(plain_id(NodeKind.INSTITUTION, global_id) or "")


def _values(name: str, asked: Sequence[T] | None) -> tuple[T, ...]:
    if asked is None or asked is UNSET:  # mostly
        return ()
    values = tuple(asked)
    if len(values) > MOST_VALUES:
        raise bad_user_input(f"`{name}` takes at most {MOST_VALUES} values, not {len(values)}")
    return values


def to_search(text: str | None, argument_name: str = "search") -> str | None:
    """Return a search text without control characters; None if nothing is left.

    Raises BAD_USER_INPUT for one that is too long to be meant, naming its argument.
    """
    text = given(text) or ""
    if len(text) > LONGEST_SEARCH:
        most = f"at most {LONGEST_SEARCH} characters"
        raise bad_user_input(f"`{argument_name}` takes {most}; use fewer words")
    if not text.isprintable():  # which few are not
        text = "".join(" " if unicodedata.category(c).startswith("C") else c for c in text)
    return " ".join(text.split()) or None


enumerated(
    SuggestionKind,
    {
        SuggestionKind.WORD: "What was typed, with its last word completed.",
        SuggestionKind.INSTITUTION: "The name of an institution.",
        SuggestionKind.COURSE: "The title of a course.",
    },
)


@presents(SuggestionRecord)
class Suggestion:
    """A text for the search field."""

    text: str = described("What to look for.")
    kind: SuggestionKind = described("What it is.")


@presents(SnippetRecord)
class Snippet:
    """The part of a course's text in which the search was found."""

    text: str = described("The part as plain text; … stands where it was cut.")
    html: str = described(
        "The same as HTML that is safe to show: `<mark>` around each word found, no other tag."
    )


@presents(ports.FacetBucket)
class FacetBucket:
    """One value and how many courses have it."""

    value: str = described("Exactly what `CourseFilter` takes.")
    label: str = described("The value, to be shown.")
    count: int = described("How many courses have it.")


def _buckets(facet: Parent[ports.Facet]) -> Sequence[ports.FacetBucket]:
    if facet.name is not ports.FacetName.INSTITUTION:
        return facet.buckets
    return [
        ports.FacetBucket(_institution_id(each.value), each.label, each.count)
        for each in facet.buckets
    ]


@presents(ports.Facet)
class Facet:
    """By what an answer can be narrowed: counted without its own filter, under all others."""

    name: ports.FacetName = described("What is counted.")
    buckets: list[FacetBucket] = described("The values, fullest first.", _buckets)
