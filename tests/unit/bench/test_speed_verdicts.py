"""What the speed benchmark concludes from its figures."""

from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from gateway.bench.machine import Machine
from gateway.bench.quantiles import Waits
from gateway.bench.speed.change import ChangeFigures
from gateway.bench.speed.hanging import HangingFigures
from gateway.bench.speed.measuring import SpeedReport, Task
from gateway.bench.speed.report import HISTORY, keep_speed, print_speed
from gateway.bench.speed.turns import Figures, Pace, processor_ratio, ratio
from gateway.bench.speed.verdicts import Verdict, to_verdicts

MACHINE = Machine("a processor", 2, "3.11.7", "Linux x86_64", {}, 0.1)
WAITS = Waits(count=100, p50_ms=10, p95_ms=20, p99_ms=25)
USUAL = Figures(1_000, WAITS, None, 15_000, 0.5, 0.9, 0.3)
CHANGED = ChangeFigures(10, 12, 40, 60, revisions=1, distinct=2_000, executed=2_000)
NOTHING = SpeedReport(MACHINE, Task(Pace()), {}, {}, None, ready_mb=150, served_mb=160)


def a_turn(*rates: float) -> list[Figures]:
    return [replace(USUAL, per_second=rate, processor_ms=500 / rate) for rate in rates]


def verdicts(report: SpeedReport) -> dict[str, Verdict]:
    return {each.what: each for each in to_verdicts(report)}


def test_a_ratio_is_the_median_of_the_ratios_of_each_round():
    ours, limit = a_turn(800, 90, 900), a_turn(1_000, 100, 3_000)

    assert ratio(ours, limit) == pytest.approx(0.8)
    assert processor_ratio(ours, limit) == pytest.approx(0.8)


def test_processor_times_that_nobody_tells_have_no_ratio():
    unknown = [replace(USUAL, processor_ms=0.0)]

    assert processor_ratio(unknown, unknown) is None


def test_what_is_wanted_is_reached_or_not():
    turns = {
        "limit": a_turn(1_000),
        "mitra hot": a_turn(900),
        "mitra warm": a_turn(600),
        "mitra cold": a_turn(300),
        "plain cold": a_turn(10),
    }

    found = verdicts(replace(NOTHING, turns=turns))

    assert {what: each.is_reached for what, each in found.items()} == {
        "hot, of constant bytes": True,
        "warm, of constant bytes": False,
        "cold, times plain Strawberry": True,
        "hot p99, times its p50": True,
        "memory of a worker, MB": True,
    }


def test_a_change_may_run_each_question_once_and_no_more():
    once = verdicts(replace(NOTHING, changes={"warm": [CHANGED]}))
    twice = verdicts(
        replace(NOTHING, changes={"warm": [CHANGED, replace(CHANGED, executed=2_001)]})
    )

    name = "revision change, warm: runs of a question, most"
    assert (once[name].is_reached, once[name].wanted) == (True, "1")
    assert not twice[name].is_reached


def test_a_change_that_came_too_late_shows_nothing():
    late = replace(CHANGED, revisions=0, executed=0)

    assert list(verdicts(replace(NOTHING, changes={"hot": [late]}))) == ["memory of a worker, MB"]


def test_what_readers_wait_while_partners_hang_is_compared_pair_by_pair():
    hung = replace(WAITS, p99_ms=50)
    hanging = HangingFigures([WAITS, WAITS, WAITS], [WAITS, hung, WAITS], struck=3)

    assert hanging.ratio == 1
    name = "catalogue p99 while all partners hang, times the usual"
    assert name in verdicts(replace(NOTHING, hanging=hanging))
    assert name not in verdicts(replace(NOTHING, hanging=replace(hanging, struck=0)))


def test_what_was_left_out_is_not_printed():
    told = StringIO()

    print_speed(Console(file=told), NOTHING)

    assert "memory of a worker" in told.getvalue()
    assert "constant bytes" not in told.getvalue()


@pytest.mark.parametrize("rest", ["\nThe end.\n", ""])
def test_a_row_is_appended_to_the_history_of_a_page(tmp_path: Path, rest: str):
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{HISTORY}\n| day |\n| --- |\n| first |\n{rest}")

    keep_speed(page, replace(NOTHING, turns={"mitra hot": a_turn(900)}), date(2026, 11, 30))

    text = page.read_text()
    lines = text.splitlines()
    assert lines[5] == "| first |"
    assert lines[6].startswith("| 2026-11-30 | 2 cores of a processor, Python 3.11.7")
    assert " | 900 | " in lines[6]
    assert text.endswith(f"{lines[6]}\n{rest}")


def test_a_page_without_a_history_is_not_written(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("# Page\n")

    with pytest.raises(ValueError, match="no history"):
        keep_speed(page, NOTHING, date(2026, 11, 30))
