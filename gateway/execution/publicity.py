"""Which questions are answered the same for everybody, how they are known, and what they read.

What an operation says by itself is found once; what its variables add is found each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import orjson
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    OperationType,
    print_ast,
)
from graphql.execution.values import VariableValues, get_argument_values

from gateway.execution.engine import Prepared
from gateway.execution.remembered import Beside
from schema.build import MaskingSchema
from schema.guarding import selected_fields
from schema.lasting import ALL_AROUND, ARGUMENTS, NOTHING_ELSE, Reads, reads_of, united
from schema.policies import PUBLIC, policy_of

_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


@dataclass(frozen=True, slots=True)
class PublicQuestion:
    """A question that everybody is answered the same, however it was written.

    `digest` is of its document, operation and coerced variables; `reads` says of what its answer
    is made beside the catalogue.
    """

    digest: str
    reads: Reads = NOTHING_ELSE


@dataclass(frozen=True, slots=True)
class _Standing:
    """What an operation says whatever its variables are; it is `text` that names it."""

    text: bytes | None = None  # None if its answer is not for all
    reads: Reads = NOTHING_ELSE
    moved: Sequence[tuple[str, GraphQLField, FieldNode]] = ()  # by their arguments


class Publicity:
    """Tells by the policies of its fields whether a question may be answered for all at once."""

    def __init__(self, schema: MaskingSchema) -> None:
        self._schema = schema._schema  # noqa: SLF001 - Strawberry has no public name for it
        self._known = Beside[_Standing]()

    def __call__(self, prepared: Prepared) -> PublicQuestion | None:
        """Return by what a question is known to all; None if it is not the same for all."""
        standing = self._standing(prepared)
        if standing.text is None:
            return None
        moved = (_moved(*each, prepared.values) for each in standing.moved)
        name = (prepared.name or "").encode()
        parts = (standing.text, name, _canonical(prepared))
        digest = blake2b(b"\0".join(parts), digest_size=20).hexdigest()
        return PublicQuestion(digest, united((standing.reads, *moved)))

    def _standing(self, prepared: Prepared) -> _Standing:
        known = self._known.get(prepared.operation)
        if known is None:
            known = self._look_at(prepared)
            self._known.keep(prepared.operation, known)
        return known

    def _look_at(self, prepared: Prepared) -> _Standing:
        operation = prepared.operation
        if prepared.kind is not OperationType.QUERY:
            return _Standing()
        fields = list(selected_fields(self._schema, prepared.document, operation))
        reads = united(reads_of(kind, node.name.value) for kind, node in fields)
        is_public = all(policy_of(kind, node.name.value) is PUBLIC for kind, node in fields)
        if Reads.LIVE in reads or not is_public:
            return _Standing()
        moved = [
            (kind, self._schema.type_map[kind].fields[node.name.value], node)  # type: ignore[attr-defined]  # it has fields
            for kind, node in fields
            if (kind, node.name.value) in ARGUMENTS
        ]
        return _Standing(print_ast(prepared.document).encode(), reads, moved)


def _moved(kind: str, field: GraphQLField, node: FieldNode, values: VariableValues | None) -> Reads:
    """Return what a field reads because of its arguments."""
    try:
        given = get_argument_values(field, node, values)
    except GraphQLError:  # told to everybody alike, whenever it is run
        return ALL_AROUND
    rules = ARGUMENTS[kind, node.name.value]
    return united(rule(given.get(name)) for name, rule in rules.items())


def _canonical(prepared: Prepared) -> bytes:
    """Return a question's variables in one spelling: as they are coerced, in order."""
    if prepared.values is None:  # it declares none, so that none counts
        return b""
    try:
        return orjson.dumps(prepared.values.coerced, option=_CANONICAL)
    except TypeError:  # a scalar of ours that is no JSON: then as they were sent
        return orjson.dumps(prepared.variables, option=_CANONICAL)
