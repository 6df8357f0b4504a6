"""Which questions are answered the same for everybody, how they are known, and what they read.

What an operation says by itself is found once; what its variables add is found each time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLField,
    OperationType,
    VariableNode,
    is_non_null_type,
    print_ast,
)
from graphql.execution.values import VariableValues, get_argument_values

from gateway.execution.circles import let_go
from gateway.execution.compiled.arguments import has_variables
from gateway.execution.engine import Prepared
from gateway.execution.remembered import Beside
from gateway.execution.tokens import tokens_of
from schema.build import MaskingSchema
from schema.guarding import selected_fields
from schema.lasting import ALL_AROUND, ARGUMENTS, NOTHING_ELSE, Reads, reads_of, united
from schema.policies import PUBLIC, policy_of

Rule = Callable[[Any], Reads]
Rules = Mapping[str, Rule]  # by argument
Moved = Callable[[VariableValues | None], Reads]

_NOTHING = VariableValues({}, {})
_UNSAID = object()
_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


@dataclass(slots=True)
class PublicQuestion:
    """A question that everybody is answered the same, however it was written.

    `digest` is of its document, operation and coerced variables; `reads` says of what its answer
    is made beside the catalogue.
    """

    digest: str
    reads: Reads = NOTHING_ELSE


@dataclass(frozen=True, slots=True)
class _Standing:
    """What an operation says whatever its variables are; what names it is digested already."""

    named: blake2b | None = None  # None if its answer is not for all
    reads: Reads = NOTHING_ELSE
    moved: Sequence[Moved] = ()  # by what arguments their values are


class Publicity:
    """Tells by the policies of its fields whether a question may be answered for all at once."""

    def __init__(self, schema: MaskingSchema) -> None:
        self._schema = schema._schema  # noqa: SLF001 - Strawberry has no public name for it
        self._known = Beside[_Standing]()

    def __call__(self, prepared: Prepared) -> PublicQuestion | None:
        """Return by what a question is known to all; None if it is not the same for all."""
        standing = self._standing(prepared)
        if standing.named is None:
            return None
        reads = standing.reads
        for moved in standing.moved:
            if more := moved(prepared.values):  # uniting them takes ten times as long as looking
                reads |= more
        digest = standing.named.copy()
        digest.update(_canonical(prepared))
        return PublicQuestion(digest.hexdigest(), reads)

    def _standing(self, prepared: Prepared) -> _Standing:
        known = self._known.get(prepared.operation)
        if known is None:
            known = self._look_at(prepared)
            self._known.keep(prepared.operation, known)
        return known

    def _look_at(self, prepared: Prepared) -> _Standing:
        operation = prepared.operation
        if prepared.kind is not OperationType.QUERY or prepared.introspects:
            return _Standing()
        fields = list(selected_fields(self._schema, prepared.document, operation))
        reads = united(reads_of(kind, node.name.value) for kind, node in fields)
        is_public = all(policy_of(kind, node.name.value) is PUBLIC for kind, node in fields)
        if Reads.LIVE in reads or not is_public:
            return _Standing()
        moved: list[Moved] = []
        for kind, node in fields:
            if rules := ARGUMENTS.get((kind, node.name.value)):
                field = self._schema.type_map[kind].fields[node.name.value]  # type: ignore[attr-defined]  # it has fields
                fixed, by_variables = _movements(field, node, rules)
                reads |= fixed
                moved += by_variables
        name = (prepared.name or "").encode()
        named = blake2b(b"%b\0%b\0" % (_written(prepared.document), name), digest_size=20)
        return _Standing(named, reads, moved)


def _movements(field: GraphQLField, node: FieldNode, rules: Rules) -> tuple[Reads, Sequence[Moved]]:
    """Return what a field reads because of its arguments: always, and by what variables are."""
    told = {each.name.value: each.value for each in node.arguments or ()}
    sent = {
        name: value.name.value
        for name in rules
        if isinstance(value := told.get(name), VariableNode)
    }
    within = [value for name, value in told.items() if name in rules and name not in sent]
    try:
        unsaid = get_argument_values(field, node, _NOTHING)
    except GraphQLError as exc:  # it needs the value of a variable
        let_go(exc)
        return NOTHING_ELSE, [partial(_moved, field, node, rules)]
    if any(map(has_variables, within)):
        return NOTHING_ELSE, [partial(_moved, field, node, rules)]
    fixed = united(rule(unsaid.get(name)) for name, rule in rules.items() if name not in sent)
    by_variables = [
        partial(_moved_by, variable, rules[name], rules[name](unsaid.get(name)))
        for name, variable in sent.items()
        if not is_non_null_type(field.args[name].type)
    ]
    if len(by_variables) < len(sent):  # null may be sent where none may be
        return NOTHING_ELSE, [partial(_moved, field, node, rules)]
    return fixed, by_variables


def _moved_by(variable: str, rule: Rule, unsaid: Reads, values: VariableValues | None) -> Reads:
    """Return what a field reads because of an argument that is just a variable."""
    value = values.coerced.get(variable, _UNSAID) if values else _UNSAID
    return unsaid if value is _UNSAID else rule(value)


def _moved(
    field: GraphQLField, node: FieldNode, rules: Rules, values: VariableValues | None
) -> Reads:
    """Return what a field reads because of all its arguments."""
    try:
        given = get_argument_values(field, node, values)
    except GraphQLError as exc:  # told to everybody alike, whenever it is run
        let_go(exc)
        return ALL_AROUND
    return united(rule(given.get(name)) for name, rule in rules.items())


def _written(document: DocumentNode) -> bytes:
    """Return a document in one spelling, whatever stands between its tokens."""
    if document.loc is None:  # nobody has parsed it
        return print_ast(document).encode()
    return " ".join(tokens_of(document.loc.source.body)).encode(errors="surrogatepass")


def _canonical(prepared: Prepared) -> bytes:
    """Return a question's variables in one spelling: as they are coerced, in order."""
    if prepared.values is None:  # it declares none, so that none counts
        return b""
    try:
        return orjson.dumps(prepared.values.coerced, option=_CANONICAL)
    except TypeError:  # a scalar of ours that is no JSON: then as they were sent
        return orjson.dumps(prepared.variables, option=_CANONICAL)
