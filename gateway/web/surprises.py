"""What broke while a question ran: told to the log, and whether asking again may help."""

import structlog

from gateway.storage.outages import is_outage

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
