"""For how long an answer of the revision before may still be given."""

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.catalogue.follower import Former
from gateway.parts import catalogue
from gateway.parts.catalogue import SHOWN_AFTERWARDS, CataloguePart

NOW = 1_000.0
JUST = NOW - SHOWN_AFTERWARDS + 0.01


@pytest.mark.parametrize(
    ("former", "newest_until", "is_shown"),
    [
        pytest.param(Former(6, NOW, is_whole=True), JUST, True, id="in-time"),
        pytest.param(Former(6, NOW, is_whole=True), JUST - 0.02, False, id="too-late-though-new"),
        pytest.param(Former(6, NOW, is_whole=False), JUST, False, id="something-has-gone"),
        pytest.param(Former(5, NOW, is_whole=True), JUST, False, id="another"),
    ],
)
def test_an_answer_stands_within_two_seconds_of_when_it_was_true(
    monkeypatch, former, newest_until, is_shown
):
    monkeypatch.setattr(catalogue, "time", SimpleNamespace(monotonic=lambda: NOW))
    part: Any = SimpleNamespace(follower=SimpleNamespace(former=former, former_at=newest_until))

    assert CataloguePart.was_lately(part, "6") is is_shown


def test_two_seconds_are_kept_with_some_for_the_answers_way():
    assert SHOWN_AFTERWARDS <= 1.8
