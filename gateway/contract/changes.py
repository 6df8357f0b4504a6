"""What changed between the released schema and the one as built, and whether clients bear it.

Pure: two schemas, the operations that clients have registered, and today's date.  The SDL only
grows; what was deprecated may go once its day has passed and no registered operation uses it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    get_operation_ast,
    parse,
    validate,
)
from graphql.utilities import BreakingChangeType, DangerousChangeType, find_schema_changes

from gateway.contract.deprecations import FORM, Elements, elements, last_day
from gateway.contract.uses import uses
from gateway.execution.manifests import Registered

_JUDGED_HERE = frozenset(
    {
        BreakingChangeType.FIELD_REMOVED,
        BreakingChangeType.ARG_REMOVED,
        BreakingChangeType.VALUE_REMOVED_FROM_ENUM,
        BreakingChangeType.TYPE_REMOVED,
    }
)
_SILENT = frozenset(  # an old query stays valid, but means something else
    {
        DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE,
        DangerousChangeType.INPUT_FIELD_DEFAULT_VALUE_CHANGE,
    }
)

UsedBy = Mapping[str, Sequence[str]]  # who uses an element, by coordinate


@dataclass(frozen=True, slots=True)
class Verdict:
    """What must not be released, and what is only told."""

    refused: Sequence[str]
    told: Sequence[str]


def judge(
    released: GraphQLSchema,
    built: GraphQLSchema,
    operations: Sequence[Registered],
    today: date,
) -> Verdict:
    """Return whether clients of `released` can live with `built`."""
    used_by = _used_by(released, operations)
    refused: list[str] = []
    told: list[str] = []
    for coordinate, reason in _removed(released, built):
        allowed, sentence = _removal(coordinate, reason, used_by.get(coordinate, ()), today)
        (told if allowed else refused).append(sentence)
    refused += [
        change.description
        for change in find_schema_changes(released, built)
        if change.type in _SILENT
        or (isinstance(change.type, BreakingChangeType) and change.type not in _JUDGED_HERE)
    ]
    refused += _invalid(built, operations)
    standing = elements(built)
    refused += _undated(standing)
    told += _overdue(standing, used_by, today)
    return Verdict(refused, told)


def faults(schema: GraphQLSchema, operation: Registered) -> Sequence[str]:
    """Return why `schema` does not accept an operation; nothing if it does."""
    try:
        document = parse(operation.body)
    except GraphQLError as exc:
        return [exc.message]
    found = [error.message for error in validate(schema, document)]
    if operation.name is not None and get_operation_ast(document, operation.name) is None:
        found.append(f"there is no operation {operation.name} in it")
    return found


def uses_of(schema: GraphQLSchema, operation: Registered) -> frozenset[str]:
    """Return the coordinates of what an operation uses; nothing if it cannot be read."""
    try:
        return uses(schema, parse(operation.body))
    except GraphQLError:
        return frozenset()


def known_as(operation: Registered) -> str:
    """Return how people know an operation."""
    return f"{operation.client}'s {operation.name or operation.id}"


def _removed(released: GraphQLSchema, built: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Yield what is gone, with the reason for which it was deprecated.

    A type that is gone is not named itself: what mentioned it must be gone, too, and is named.
    Its own fields are, if it could be reached through an interface.
    """
    standing = elements(built)
    for coordinate, reason in elements(released).items():
        if coordinate in standing or "." not in coordinate:
            continue
        owner, _, member = coordinate.partition(".")
        kind = released.type_map[owner]
        within = "(" in member and coordinate.partition("(")[0] not in standing
        is_reached = isinstance(kind, GraphQLObjectType) and bool(kind.interfaces)
        if not within and (owner in standing or is_reached):
            yield coordinate, reason


def _removal(
    coordinate: str, reason: str | None, users: Sequence[str], today: date
) -> tuple[bool, str]:
    until = last_day(reason) if reason is not None else None
    if reason is None or until is None:
        return False, f"{coordinate} is gone; deprecate it first, and {FORM}"
    if today <= until:
        return False, f"{coordinate} is gone, but was promised until {until}; put it back"
    if users:
        return False, f"{coordinate} is gone, but still used by {', '.join(users)}; put it back"
    return True, f"{coordinate} is gone, as was announced for {until}"


def _used_by(schema: GraphQLSchema, operations: Sequence[Registered]) -> UsedBy:
    found: dict[str, list[str]] = {}
    for operation in operations:
        for coordinate in uses_of(schema, operation):
            found.setdefault(coordinate, []).append(known_as(operation))
    return found


def _invalid(built: GraphQLSchema, operations: Sequence[Registered]) -> Iterator[str]:
    for operation in operations:
        for fault in faults(built, operation):
            yield f"{known_as(operation)} is not accepted: {fault}"


def _undated(standing: Elements) -> Iterator[str]:
    for coordinate, reason in standing.items():
        if reason is not None and last_day(reason) is None:
            yield f"{coordinate} is deprecated as {reason!r}; {FORM}"


def _overdue(standing: Elements, used_by: UsedBy, today: date) -> Iterator[str]:
    for coordinate, reason in standing.items():
        until = last_day(reason) if reason is not None else None
        if until is None or today <= until:
            continue
        users = ", ".join(used_by.get(coordinate, ()))
        still = f"; still used by {users}" if users else " and can be removed"
        yield f"{coordinate} was promised until {until}{still}"
