"""Every error code: when it is told, what to do about it, and the HTTP status that goes with it.

Made into a table of the documentation.  Errors of a field come with what else was answered, so
their status is 200; those of a whole request are 400, or 200 to a client that accepts
`application/json` alone.
"""

from collections.abc import Mapping
from typing import NamedTuple

from schema.errors import ErrorCode

_FIELD, _REQUEST, _REFUSED = "200", "400", "400 (200)"


class Told(NamedTuple):
    """One line of the table."""

    when: str
    next: str
    status: str


ERRORS: Mapping[ErrorCode, Told] = {
    ErrorCode.BAD_USER_INPUT: Told(
        "a value cannot be right: an argument, a variable, or the request itself",
        "correct what the message names",
        f"{_REFUSED}, {_FIELD} of a field",
    ),
    ErrorCode.UNAUTHENTICATED: Told(
        "the token is wrong or has expired, or a field needs one",
        "get a new token",
        f"401, {_FIELD} of a field",
    ),
    ErrorCode.FORBIDDEN: Told(
        "the token is not of a role that may do this", "use another role's token", _FIELD
    ),
    ErrorCode.INTERNAL: Told(
        "we failed in a way that nobody foresaw",
        "report its `errorId`, which is in our log",
        f"{_FIELD} of a field, 500 else",
    ),
    ErrorCode.UNAVAILABLE: Told(
        "for the moment a database does not answer, or takes nothing, or a token cannot be checked",
        "ask again after `retryAfter` seconds, with the same token; a mutation as it was, with its "
        "idempotency key",
        f"{_FIELD} of a field, 503 of a lone mutation and of a whole request",
    ),
    ErrorCode.CHANGES_EXPIRED: Told(
        "`since` of `catalogueChanges` is older than the log that is kept",
        'drop the copy and begin with "0"',
        _FIELD,
    ),
    ErrorCode.GRAPHQL_PARSE_FAILED: Told(
        "the document is no GraphQL", "correct it at the place that is told", _REFUSED
    ),
    ErrorCode.GRAPHQL_VALIDATION_FAILED: Told(
        "the document does not fit the schema; one error of each kind is told",
        "correct it; the schema is at `/schema.graphql`",
        _REFUSED,
    ),
    ErrorCode.OPERATION_RESOLUTION_FAILURE: Told(
        "`operationName` names none of the document's operations, or is missing among several",
        "name one",
        _REFUSED,
    ),
    ErrorCode.QUERY_TOO_LARGE: Told(
        "the document has more characters or tokens than `limit`",
        "send values as variables, and several documents instead of one",
        _REFUSED,
    ),
    ErrorCode.QUERY_TOO_DEEP: Told(
        "fields, fragments or values lie deeper in one another than `limit`",
        "begin further down, with `node` or `nodes`",
        _REFUSED,
    ),
    ErrorCode.QUERY_TOO_COMPLEX: Told(
        "the document has more of something than `limit`: aliases, directives, fields of one name, "
        "mutations",
        "ask in several requests",
        _REFUSED,
    ),
    ErrorCode.QUERY_TOO_COSTLY: Told(
        "the question costs more points than `limit`; `cost` says how many",
        "ask for fewer entries with `first`, or for less of each",
        _REFUSED,
    ),
    ErrorCode.INTROSPECTION_DISABLED: Told(
        "this viewer may not ask for `__schema` and `__type`",
        "read `/schema.graphql`, or use an operator's token",
        _REFUSED,
    ),
    ErrorCode.PERSISTED_QUERY_NOT_FOUND: Told(
        "no document is known by this id", "send its text, too, where that is allowed", _REQUEST
    ),
    ErrorCode.PERSISTED_QUERY_MISMATCH: Told(
        "a text was sent with the id of another one", "send the right hash", _REQUEST
    ),
    ErrorCode.PERSISTED_QUERY_REQUIRED: Told(
        "only documents that were registered are answered here",
        "have the operator register it",
        _REQUEST,
    ),
    ErrorCode.RATE_LIMITED: Told(
        "the client has spent its points, the learner has changed too much in a minute, or the "
        "viewer has too many streams open",
        "wait for `retryAfter` seconds; `RateLimit` in the headers tells what is left",
        "429",
    ),
}
