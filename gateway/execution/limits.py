"""How much one document may ask for.  These limits are on in every profile."""

from dataclasses import dataclass, field, fields

from gateway.execution.refusals import RefusedError, Stage, refusal
from schema.errors import ErrorCode


def _limit(default: int, meaning: str) -> int:
    limit: int = field(default=default, metadata={"meaning": meaning})
    return limit


@dataclass(frozen=True, slots=True)
class Limits:
    """What is beyond any of these is refused before it is run."""

    characters: int = _limit(20_000, "characters")
    lines: int = _limit(2_000, "lines")
    brackets: int = _limit(60, "brackets within one another, whatever they stand for")
    tokens: int = _limit(1_000, "tokens")
    names: int = _limit(600, "names, of whatever")
    comments: int = _limit(100, "comments")
    depth: int = _limit(15, "fields within one another, through fragments")
    nesting: int = _limit(60, "selections within one another, those of fragments too")
    value_depth: int = _limit(20, "lists and objects within one another in an argument")
    values: int = _limit(250, "values of arguments, and in their lists and objects")
    definitions: int = _limit(60, "operations and fragments")
    operations: int = _limit(20, "operations")
    variables: int = _limit(60, "variables, those of all operations")
    spreads: int = _limit(100, "places in which fragments are spread")
    selections: int = _limit(
        1_000, "fields and spreads, with fragments written out wherever they are spread"
    )
    aliases: int = _limit(30, "aliases, counted likewise")
    comparisons: int = _limit(600, "pairs of fields of one name in one place, below equal ones too")
    root_fields: int = _limit(20, "fields of the operation itself")
    mutations: int = _limit(5, "fields of a mutation itself")
    directives: int = _limit(50, "directives")
    directives_per_place: int = _limit(5, "directives in one place")
    cost: int = _limit(7_000, "points of cost")
    sent: int = _limit(20_000, "values in its variables, and in their lists and objects")
    errors: int = _limit(20, "errors that are told of it, in development")

    def exceeded(
        self, name: str, found: int, code: ErrorCode = ErrorCode.QUERY_TOO_COMPLEX
    ) -> RefusedError:
        """Return the refusal of a document of which `found`, or more, was counted."""
        limit: int = getattr(self, name)
        what, _, _ = MEANINGS[name].partition(",")
        message = f"A document has at most {limit:,} {what}; this one has {found:,} or more"
        name = "cost" if code is ErrorCode.QUERY_TOO_COSTLY else "found"
        return refusal(Stage.VALIDATION, code, message, **{name: found}, limit=limit)

    def too_costly(self, cost: int) -> RefusedError:
        """Return the refusal of what costs so many points."""
        message = (
            f"This costs {cost:,} points, and {self.cost:,} are allowed; ask for fewer entries "
            "(`first`), or for less of each"
        )
        told = {"cost": cost, "limit": self.cost}
        return refusal(Stage.VALIDATION, ErrorCode.QUERY_TOO_COSTLY, message, **told)


MEANINGS = {each.name: each.metadata["meaning"] for each in fields(Limits)}
DEFAULT_LIMITS = Limits()
