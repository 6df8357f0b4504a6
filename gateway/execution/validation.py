"""GraphQL's own validation, told briefly: one error of each kind, each with a code.

Somebody who guesses names learns little from a refusal, and five hundred equal mistakes are
one.  Where hints are given (in development) every mistake is told, up to a limit.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from functools import partial

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    MaxIntrospectionDepthRule,
    ParallelVisitor,
    TypeInfo,
    TypeInfoVisitor,
    ValuesOfCorrectTypeRule,
    specified_rules,
    visit,
)
from graphql.validation import ValidationContext

from gateway.execution.refusals import coded
from gateway.execution.screening import Screening
from schema.errors import ErrorCode

ENOUGH = 5  # mistakes that are looked for where only one of each kind is told
Rule = type[ASTValidationRule]
CODES: dict[Rule, ErrorCode] = {
    ValuesOfCorrectTypeRule: ErrorCode.BAD_USER_INPUT,
    MaxIntrospectionDepthRule: ErrorCode.QUERY_TOO_DEEP,
}


class _EnoughError(Exception):
    """As many errors were found as are told."""


def validated(
    schema: GraphQLSchema, document: DocumentNode, *, hints: bool, most: int
) -> list[GraphQLError]:
    """Return what is wrong with a document; with `hints` also what may have been meant."""
    found: list[GraphQLError] = []
    reported: Counter[Rule] = Counter()

    def report(rule: Rule, error: GraphQLError) -> None:
        reported[rule] += 1
        if hints or reported[rule] == 1:
            code = CODES.get(rule, ErrorCode.GRAPHQL_VALIDATION_FAILED)
            found.append(coded(error, code))
        if reported.total() >= (most if hints else ENOUGH):
            raise _EnoughError

    with suppress(_EnoughError):
        if not hints:
            Screening(schema, document, report).screen()
        if not found:
            _visit(schema, document, report, hints=hints)
    return found


def _visit(
    schema: GraphQLSchema,
    document: DocumentNode,
    report: Callable[[Rule, GraphQLError], None],
    *,
    hints: bool,
) -> None:
    types = TypeInfo(schema)
    shared = ValidationContext(schema, document, types, lambda _: None, hide_suggestions=not hints)
    visitors = []
    for rule in specified_rules:
        context = copy(shared)  # what rules remember of the document stays one
        context.on_error = partial(report, rule)  # type: ignore[method-assign]  # as its own does
        visitors.append(rule(context))
    visit(document, TypeInfoVisitor(types, ParallelVisitor(visitors)))
