"""Garbage is looked for seldom, and what stays is not looked through."""

import gc

import pytest

from gateway import collecting


@pytest.fixture(autouse=True)
def _as_before():
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_what_was_there_is_not_looked_through():
    kept = [[]]

    collecting.keep()

    assert not any(each is kept for each in gc.get_objects())


def test_as_many_objects_as_thousands_of_connections_hold_cause_no_full_collection():
    collecting.collect_seldom()
    full = gc.get_stats()[2]["collections"]

    held = [[] for _ in range(1_500_000)]

    assert len(held) == 1_500_000
    assert gc.get_stats()[2]["collections"] == full
