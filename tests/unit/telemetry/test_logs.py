"""Logs: listed fields alone, exceptions without their texts, one line each."""

import ast
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.telemetry import configure_logging
from gateway.telemetry.fields import ALLOWED
from gateway.telemetry.logs import tell

ROOT = Path(__file__).parents[3]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    configure_logging("json")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


def test_a_field_that_is_not_listed_is_left_out_and_named(lines):
    structlog.get_logger().info("something.happened", partner="tokopedia", phone="0812 3456")

    [line] = lines()
    assert line["partner"] == "tokopedia"
    assert line["dropped"] == ["phone"]
    assert "0812" not in str(line)


def test_an_exception_is_told_by_kind_and_place_and_not_by_its_text(lines):
    try:
        try:
            raise ValueError("siti@example.id")  # noqa: TRY301 - it stands for what a library says
        except ValueError as exc:
            raise RuntimeError("of siti") from exc
    except RuntimeError:
        structlog.get_logger().exception("work.failed")

    [line] = lines()
    assert "siti" not in str(line)
    assert line["exception"][0] == "builtins.RuntimeError"
    assert "builtins.ValueError" in line["exception"]
    assert any("test_logs.py" in place for place in line["exception"])


def test_what_libraries_log_has_the_same_form(lines):
    try:
        int("siti@example.id")
    except ValueError:
        logging.getLogger("a.library").exception("it broke")

    [line] = lines()
    assert (line["event"], line["logger"], line["level"]) == ("library.said", "a.library", "error")
    assert line["message"] == "it broke"
    assert "siti" not in str(line)


def test_a_long_value_is_cut(lines):
    structlog.get_logger().warning("partner.down", reason="x" * 10_000)

    [line] = lines()
    assert len(line["reason"]) < 600


def test_a_line_stays_json_where_a_number_is_cut(lines):
    structlog.get_logger().warning("rows.counted", number=3201_0101_0190_0001, seconds=1 / 3)

    [line] = lines()
    assert (line["number"], line["seconds"]) == ("[16 digits]", 0.333333)


def test_what_is_told_of_every_request_is_told_as_anything_else(lines):
    fields = {"operation": "A", "milliseconds": 1 / 3, "phone": "0812 3456", "number": 10**15}
    log = structlog.get_logger()
    with structlog.contextvars.bound_contextvars(request_id="1234", method="mine"):
        log.info("graphql.answered", **fields, method="GET")
        tell(log, "graphql.answered", {**fields, "method": "GET"})
    tell(log, "graphql.answered", {"client": "3201010101900001"})

    first, second, third = lines()
    assert first.pop("timestamp") <= second.pop("timestamp")
    assert first == second
    assert third["client"] == "[16 digits]"


def test_what_is_told_of_every_request_is_silent_below_the_level(lines):
    configure_logging("json", level=logging.WARNING)

    tell(structlog.get_logger(), "graphql.answered", {"operation": "A"})

    assert lines() == []


def test_every_field_that_the_product_logs_is_listed():
    sources = {
        path: path.read_text(encoding="utf-8")
        for package in ("gateway", "adapters", "schema")
        for path in (ROOT / package).rglob("*.py")
    }
    calls = [
        (path, call)
        for path, source in sources.items()
        if "get_logger" in source
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and _is_log_call(call)
    ]
    unlisted = {
        f"{path.relative_to(ROOT)}: {keyword.arg}"
        for path, call in calls
        for keyword in call.keywords
        if keyword.arg not in ALLOWED | {None, "exc_info"}
    }

    assert len(calls) > 30
    assert unlisted == set(), "gateway/telemetry/fields.py says what may stand in a log"


def _is_log_call(call: ast.Call) -> bool:
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr in LEVELS
        and isinstance(function.value, ast.Name)
        and function.value.id in {"log", "logger"}
    )
