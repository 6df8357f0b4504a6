"""Logs: events with fields, one line each, on standard error.

What may be personal is kept out three times over: only listed fields are written
(`fields`), exceptions are told by their kinds and places and not by their texts, and what looks
like a national id is cut from the finished line.  On a terminal exceptions keep their texts,
for whoever sits before it.
"""

import logging
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

import orjson
import structlog
from structlog.contextvars import get_contextvars

from gateway.telemetry.fields import LONGEST, only_allowed
from gateway.telemetry.traces import current_trace_id
from schema.redaction import redacted

_DEEPEST = 20  # frames of one exception, the innermost


class _PresentStderr:
    """Standard error as it is when something is written: loggers outlive a redirection."""

    def write(self, text: str) -> int:
        """Write to the standard error of now."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush the standard error of now."""
        sys.stderr.flush()


class _Redacting:
    """Renders a line, and leaves out what may be a national id, wherever it came from."""

    def __init__(self, renderer: Any) -> None:
        self._renderer = renderer

    def __call__(self, logger: Any, name: str, event: Any) -> str:
        """Return the line."""
        return redacted(str(self._renderer(logger, name, event)))


class _ConsoleFormatter(logging.Formatter):
    """Renders what libraries log, to be read, without national ids."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return redacted(super().format(record))


class _JsonFormatter(logging.Formatter):
    """Renders what libraries log as an event like ours."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        event: dict[str, object] = {
            "event": "library.said",
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "message": record.getMessage()[:LONGEST],
        }
        if record.exc_info and record.exc_info[1] is not None:
            event["exception"] = described(record.exc_info[1])
        return redacted(_to_json(event))


def described(error: BaseException) -> list[str]:
    """Return what kind of exception it is, where it was raised, and what it came from.

    Not its text: that may hold what somebody sent.
    """
    return [line for each in _chain(error) for line in _lines(each)]


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    present: BaseException | None = error
    while present is not None and id(present) not in seen:
        seen.add(id(present))
        yield present
        shown = None if present.__suppress_context__ else present.__context__
        present = present.__cause__ or shown


def _lines(error: BaseException) -> Iterator[str]:
    kind = type(error)
    yield f"{kind.__module__}.{kind.__qualname__}"
    for frame in traceback.extract_tb(error.__traceback__)[-_DEEPEST:]:
        yield f"  {frame.filename}:{frame.lineno} {frame.name}"


def _describe_exception(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    told = event.pop("exc_info", None)
    error = sys.exc_info()[1] if told is True else told[1] if isinstance(told, tuple) else told
    if isinstance(error, BaseException):
        event["exception"] = described(error)
    return event


def _add_trace(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    if trace_id := current_trace_id():
        event["trace_id"] = trace_id
    return event


def _add_timestamp(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    now = time.time_ns() // 1_000
    event["timestamp"] = f"{_second(now // 1_000_000)}.{now % 1_000_000:06d}Z"
    return event


@lru_cache(maxsize=2)
def _second(since_epoch: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since_epoch))


def _to_json(event: object, **_options: object) -> str:
    return orjson.dumps(event, default=str).decode()


def tell(log: Any, event: str, fields: Mapping[str, object]) -> None:
    """Log an event as `log.info` does; where lines are JSON, in a quarter of the time.

    It is for what is told of every request, and does by itself what our processors do in turn.
    """
    processors = structlog.get_config()["processors"]
    if not processors or not isinstance(processors[-1], _Direct) or not processors[-1].is_heard:
        log.info(event, **fields)
        return
    told: dict[str, Any] = {**get_contextvars(), **fields, "event": event}
    _add_trace(None, "", told)
    told["level"] = "info"
    _add_timestamp(None, "", told)
    line = processors[-1](None, "", only_allowed(None, "", told))
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class _Direct(_Redacting):
    """The last step where lines are JSON; whoever logs by `tell` goes to it directly."""

    def __init__(self, *, is_heard: bool) -> None:
        super().__init__(structlog.processors.JSONRenderer(serializer=_to_json))
        self.is_heard = is_heard  # what is told as `info`


_in_force: dict[str, Any] = {}


def same_logging() -> Callable[[], None]:
    """Return what makes another process's loggers write as this one's do."""
    return partial(configure_logging, **_in_force)


def configure_logging(log_format: str = "auto", *, level: int = logging.INFO) -> None:
    """Send all loggers to standard error in one format."""
    _in_force.update(log_format=log_format, level=level)
    is_console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    exceptions: Any = structlog.processors.format_exc_info if is_console else _describe_exception
    last: _Redacting = (
        _Redacting(structlog.dev.ConsoleRenderer())
        if is_console
        else _Direct(is_heard=level <= logging.INFO)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _add_trace,
            structlog.processors.add_log_level,
            _add_timestamp,
            exceptions,
            only_allowed,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(_PresentStderr()),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=_PresentStderr(), force=True)
    formatter = _ConsoleFormatter(logging.BASIC_FORMAT) if is_console else _JsonFormatter()
    for handler in logging.getLogger().handlers:
        handler.setFormatter(formatter)
