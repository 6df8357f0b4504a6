"""What broke: told to the log, and to its client by an id alone; whether asking again may help.

What breaks in a field is told beside all else that was answered.  What breaks outside of any is
all that there is to tell: 503 if it passes, and 500 if it is a fault of ours.
"""

from http import HTTPStatus

import structlog
from graphql import GraphQLError

from gateway.execution.answers import Answer
from gateway.storage.outages import is_outage
from gateway.web.replies import to_answer
from gateway.web.streams.results import to_errors
from schema.build import new_error_id
from schema.errors import masked

RETRY_SECONDS = 5  # a database that restarts or fails over is back by then, or soon after

log = structlog.get_logger(__name__)


def log_surprise(error: Exception, error_id: str) -> None:
    """Log what clients are told only an id of; an outage is one line, however many it hits."""
    if is_outage(error):
        log.warning("graphql.unavailable", error_id=error_id, error=type(error).__name__)
    else:
        log.error("graphql.unexpected_error", error_id=error_id, exc_info=error)


def passes_in(error: Exception) -> int | None:
    """Return after how many seconds what failed may work; None if it stays broken."""
    return RETRY_SECONDS if is_outage(error) else None


def logged(error: Exception) -> GraphQLError:
    """Log what broke outside of any field, and return what its client is told."""
    error_id = new_error_id()
    log_surprise(error, error_id)
    return masked(GraphQLError(""), error_id, passes_in(error))


def broken(error: Exception) -> Answer:
    """Log what broke outside of any field, and return the answer to its request."""
    passes = passes_in(error) is not None
    status = HTTPStatus.SERVICE_UNAVAILABLE if passes else HTTPStatus.INTERNAL_SERVER_ERROR
    return to_answer({"errors": to_errors([logged(error)])}, status)
