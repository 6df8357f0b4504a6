"""GraphQL's own validation, told briefly: one error of each kind, each with a code.

Somebody who guesses names learns little from a refusal, and five hundred equal mistakes are
one.  Where hints are given (in development) every mistake is told, up to a limit.
"""

from collections import Counter
from contextlib import suppress
from copy import copy
from functools import partial

from graphql import (
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
from gateway.execution.rules import Report, Rule
from gateway.execution.screening import Screening
from schema.errors import ErrorCode

ENOUGH = 5  # mistakes that are looked for where only one of each kind is told
CODES: dict[Rule, ErrorCode] = {
    ValuesOfCorrectTypeRule: ErrorCode.BAD_USER_INPUT,
    MaxIntrospectionDepthRule: ErrorCode.QUERY_TOO_DEEP,
}


class _EnoughError(Exception):
    """As many errors were found as are told."""


class Findings:
    """What is wrong with one document; with `hints` every mistake is told, up to `most`."""

    def __init__(self, *, hints: bool, most: int) -> None:
        self.errors: list[GraphQLError] = []
        self._tells_all = hints
        self._enough = most if hints else ENOUGH
        self._reported: Counter[Rule] = Counter()

    def report(self, rule: Rule, error: GraphQLError) -> None:
        """Note what a rule found.  Raises when there is enough."""
        self._reported[rule] += 1
        if self._tells_all or self._reported[rule] == 1:
            code = CODES.get(rule, ErrorCode.GRAPHQL_VALIDATION_FAILED)
            self.errors.append(coded(error, code))
        if self._reported.total() >= self._enough:
            raise _EnoughError


def screened(
    schema: GraphQLSchema, document: DocumentNode, *, merge: bool = True
) -> list[GraphQLError]:
    """Return what is wrong with a document; fields are compared only if some `merge`."""
    findings = Findings(hints=False, most=ENOUGH)
    with suppress(_EnoughError):
        Screening(schema, document, findings.report, merge=merge).screen()
    return findings.errors


def validated(schema: GraphQLSchema, document: DocumentNode, *, most: int) -> list[GraphQLError]:
    """Return all that is wrong with a document, up to `most`, and what may have been meant."""
    findings = Findings(hints=True, most=most)
    with suppress(_EnoughError):
        ask_all_rules(schema, document, findings.report, hints=True)
    return findings.errors


def ask_all_rules(
    schema: GraphQLSchema,
    document: DocumentNode,
    report: Report,
    *,
    hints: bool,
) -> None:
    """Have GraphQL's own validation report what it finds."""
    types = TypeInfo(schema)
    shared = ValidationContext(schema, document, types, lambda _: None, hide_suggestions=not hints)
    visitors = []
    for rule in specified_rules:
        context = copy(shared)  # what rules remember of the document stays one
        context.on_error = partial(report, rule)  # type: ignore[method-assign]  # as its own does
        visitors.append(rule(context))
    every = TypeInfoVisitor(types, ParallelVisitor(visitors))
    try:
        visit(document, every)
    finally:
        for visitor in (every, every.visitor, *visitors):
            visitor.enter_leave_map.clear()  # of their own methods: circles, left for a collection
