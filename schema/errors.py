"""What a client is told when something goes wrong, each with a stable `extensions.code`.

Refusals of an enrolment are not errors: they are `userErrors` in the answer.
"""

from enum import StrEnum

from graphql import GraphQLError

from schema.redaction import redacted


class ErrorCode(StrEnum):
    """What went wrong; `schema.error_table` says when, and what a client should do next."""

    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    INTERNAL = "INTERNAL"
    CHANGES_EXPIRED = "CHANGES_EXPIRED"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    QUERY_TOO_LARGE = "QUERY_TOO_LARGE"
    QUERY_TOO_DEEP = "QUERY_TOO_DEEP"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    QUERY_TOO_COSTLY = "QUERY_TOO_COSTLY"
    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_MISMATCH = "PERSISTED_QUERY_MISMATCH"
    PERSISTED_QUERY_REQUIRED = "PERSISTED_QUERY_REQUIRED"
    RATE_LIMITED = "RATE_LIMITED"
    UNAVAILABLE = "UNAVAILABLE"


def to_error(code: ErrorCode, message: str) -> GraphQLError:
    """Return an error to raise from a resolver."""
    return GraphQLError(message, extensions={"code": code.value})


def bad_user_input(message: str) -> GraphQLError:
    """Return the error for an argument that can never be right; say what would be."""
    return to_error(ErrorCode.BAD_USER_INPUT, message)


def surprise(error: GraphQLError) -> Exception | None:
    """Return the exception behind `error` if nobody foresaw it.

    Errors that GraphQL itself finds in a document or its variables point at a place in it
    and have no path; what a resolver raises has a path; what breaks outside has neither.
    """
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        return None
    found_in_document = error.path is None and bool(error.nodes or error.locations)
    return None if found_in_document else cause


def unrevealing(error: GraphQLError) -> GraphQLError:
    """Return `error` without national ids: GraphQL quotes the values that it refuses."""
    message = redacted(error.message)
    if message == error.message:
        return error
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=error.extensions,
    )


def masked(error: GraphQLError, error_id: str, retry_after: int | None = None) -> GraphQLError:
    """Return `error` without what it says of our insides; `retry_after` seconds it may be over."""
    message = f"Something went wrong on our side; report it as {error_id}."
    extensions: dict[str, object] = {"code": ErrorCode.INTERNAL.value, "errorId": error_id}
    if retry_after is not None:
        message = f"This cannot be done just now; ask again in {retry_after} s."
        extensions |= {"code": ErrorCode.UNAVAILABLE.value, "retryAfter": retry_after}
    return GraphQLError(message, nodes=error.nodes, path=error.path, extensions=extensions)
