"""A request that is not run, and how far it came."""

from collections.abc import Sequence
from enum import Enum
from typing import Any

from graphql import GraphQLError

from schema.errors import ErrorCode


class Stage(Enum):
    """How far a request came before it was refused; transports turn it into a status."""

    REQUEST = "request"  # malformed, or it names no document or operation
    PARSE = "parse"
    VALIDATION = "validation"  # limits count as validation
    COERCION = "coercion"  # of variables


class RefusedError(Exception):
    """A request that is not run; `errors` are presentable as they are."""

    def __init__(self, stage: Stage, errors: Sequence[GraphQLError]) -> None:
        super().__init__(stage.value)
        self.stage = stage
        self.errors = errors


def refusal(stage: Stage, code: ErrorCode, message: str, **extensions: Any) -> RefusedError:
    """Return what to raise for one reason; `extensions` stand beside its code."""
    error = GraphQLError(message, extensions={"code": code.value, **extensions})
    return RefusedError(stage, [error])
