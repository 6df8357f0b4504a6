"""As what a remembered value may be served, at any age."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.lifetimes import (
    CLOCK_SKEW,
    SPREAD,
    Entry,
    Lifetime,
    Standing,
    from_bytes,
    to_bytes,
)

MADE_AT = 1_000_000.0
SECONDS = st.floats(0, 1_000_000).map(lambda value: round(value, 3))
LIFETIMES = st.builds(Lifetime, SECONDS, SECONDS, SECONDS)
ORDER = [Standing.FRESH, Standing.STALE, Standing.LAST_KNOWN, Standing.GONE]


@pytest.mark.parametrize(
    ("age", "standing"),
    [
        (-CLOCK_SKEW - 1, Standing.GONE),
        (-1, Standing.FRESH),
        (0, Standing.FRESH),
        (4.9, Standing.FRESH),
        (5, Standing.STALE),
        (14.9, Standing.STALE),
        (15, Standing.LAST_KNOWN),
        (114.9, Standing.LAST_KNOWN),
        (115, Standing.GONE),
    ],
)
def test_an_entry_ages(age: float, standing: Standing):
    entry = Entry(b"value", MADE_AT, Lifetime(5, stale=10, last_known=100))

    assert entry.standing(MADE_AT + age) is standing


@given(LIFETIMES, st.lists(st.floats(0, 4_000_000), min_size=2))
def test_no_entry_grows_younger(lifetime: Lifetime, ages: list[float]):
    entry = Entry(b"", MADE_AT, lifetime)

    standings = [ORDER.index(entry.standing(MADE_AT + age)) for age in sorted(ages)]

    assert standings == sorted(standings)


@given(st.binary(), LIFETIMES)
def test_an_entry_is_read_as_it_was_written(value: bytes, lifetime: Lifetime):
    entry = Entry(value, MADE_AT, lifetime)

    assert from_bytes(to_bytes(entry)) == entry


@given(st.binary())
def test_what_is_no_entry_is_a_miss(kept: bytes):
    assert from_bytes(kept) is None or kept.startswith(b"ME\x01")


def test_an_entry_of_another_format_is_a_miss():
    kept = bytearray(to_bytes(Entry(b"value", MADE_AT, Lifetime(5))))
    kept[2] += 1

    assert from_bytes(bytes(kept)) is None


@given(LIFETIMES, st.floats(0, 1))
def test_jitter_never_lengthens_a_promise(lifetime: Lifetime, dice: float):
    jittered = lifetime.jittered(lambda: dice)

    assert (1 - SPREAD) * lifetime.fresh * 0.999 <= jittered.fresh <= lifetime.fresh
    assert (jittered.stale, jittered.last_known) == (lifetime.stale, lifetime.last_known)
