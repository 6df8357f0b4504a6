"""How long a partner asks us to wait, and how long we are willing to."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import PartnerThrottledError
from adapters.http import LONGEST_WAIT_SECONDS, retry_after_seconds
from tests.unit.adapters.answering import NOW, a_client


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("0", 0.0),
        ("-1", 0.0),
        ("3600", LONGEST_WAIT_SECONDS),
        ("tomorrow", None),
        ("", None),
        ("1.5", None),
        ("9" * 400, LONGEST_WAIT_SECONDS),
        ("-" + "9" * 400, 0.0),
        ("9" * 5_000, None),
        ("Sat, 11 Apr 2020 09:00:30 GMT", 30.0),
        ("Sat, 11 Apr 2020 08:00:00 GMT", 0.0),
        ("Sun, 12 Apr 2020 09:00:00 GMT", LONGEST_WAIT_SECONDS),
        ("Sat, 99 Apr 2020 09:00:00 GMT", None),
    ],
)
def test_retry_after_is_understood_and_bounded(header, seconds):
    assert retry_after_seconds(header, NOW) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_asks_for_more_than_a_quarter_of_an_hour(header):
    seconds = retry_after_seconds(header, NOW)

    assert seconds is None or 0 <= seconds <= LONGEST_WAIT_SECONDS


@pytest.mark.anyio
async def test_a_throttle_carries_the_wait():
    client = a_client(httpx.Response(429, headers={"Retry-After": "7"}))

    with pytest.raises(PartnerThrottledError) as caught:
        await client.get("/courses")

    assert caught.value.retry_after == 7.0
