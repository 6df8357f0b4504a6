"""A request that is not run, and how far it came."""

from collections.abc import Sequence
from enum import Enum
from typing import Any

from graphql import GraphQLError, OperationType

from gateway.execution.buckets import Allowance
from schema.errors import ErrorCode

LONGEST_MESSAGE = 500  # GraphQL quotes what it refuses, however long it is


class Stage(Enum):
    """How far a request came before it was refused; transports turn it into a status."""

    REQUEST = "request"  # malformed, or it names no document or operation
    PARSE = "parse"
    VALIDATION = "validation"  # limits count as validation
    COERCION = "coercion"  # of variables
    BUDGET = "budget"  # who asks has asked too much lately


class RefusedError(Exception):
    """A request that is not run; `errors` are presentable as they are."""

    def __init__(self, stage: Stage, errors: Sequence[GraphQLError]) -> None:
        super().__init__(stage.value)
        self.stage = stage
        self.errors = errors
        self.allowance: Allowance | None = None  # what the client has left, where that is counted
        self.kind: OperationType | None = None  # of the operation, where that was found

    @property
    def codes(self) -> frozenset[str]:
        """Why it was refused."""
        return frozenset((error.extensions or {})["code"] for error in self.errors)


def refusal(stage: Stage, code: ErrorCode, message: str, **extensions: Any) -> RefusedError:
    """Return what to raise for one reason; `extensions` stand beside its code."""
    error = GraphQLError(message, extensions={"code": code.value, **extensions})
    return RefusedError(stage, [error])


def coded(error: GraphQLError, default: ErrorCode) -> GraphQLError:
    """Return `error` with a code, and of the document with nothing but its places."""
    return GraphQLError(
        _shortened(error.message),
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": default.value, **(error.extensions or {})},
    )


def _shortened(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]} …"
