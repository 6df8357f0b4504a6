"""A stored record comes back as it went in."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalogue.records import (
    digest,
    from_payload,
    from_session_payload,
    to_payload,
    to_session_payload,
)
from gateway.catalogue.short import ShortReader
from schema.model.catalogue import Offering, Session
from schema.model.values import OfferingId, RemoteId
from tests.catalogue import TOKOPEDIA, an_offering
from tests.unit.catalogue.strategies import any_offering


@given(any_offering)
def test_every_offering_comes_back_equal(offering: Offering):
    payload = to_payload(offering)

    back = from_payload(payload)

    assert back == offering
    assert back.id == offering.id
    assert to_payload(back) == payload


@given(st.lists(any_offering, max_size=4))
def test_a_short_reading_lacks_the_long_description_and_nothing_else(offerings: list[Offering]):
    read = ShortReader()

    for offering in offerings:
        payload = to_payload(offering)
        whole = from_payload(payload)
        listed = replace(whole.listed, description_html=None)
        assert repr(read(payload)) == repr(replace(whole, listed=listed))


def test_an_id_that_is_known_is_not_worked_out_again():
    payload = to_payload(an_offering("A-1"))

    assert ShortReader()(payload, OfferingId("known")).id == "known"


def test_a_price_that_cannot_be_is_refused_in_a_short_reading_too():
    payload = to_payload(an_offering("A-1", price=7)).replace("IDR", "XXX")

    with pytest.raises(msgspec.ValidationError, match="'XXX' is not one of"):
        ShortReader()(payload)


def test_what_many_have_alike_is_kept_once():
    read = ShortReader()

    one, other = (read(to_payload(an_offering(key))) for key in ("A-1", "A-2"))

    assert one.price is other.price
    assert one.listed.category is other.listed.category
    assert one.listed.institution is other.listed.institution


def test_what_is_shown_says_until_when_it_is_sold():
    starts_at = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Makassar"))
    session = Session(TOKOPEDIA, RemoteId("1"), starts_at=starts_at)
    offering = an_offering("A-1", sessions=(session,))

    shown = ShortReader(lambda sold, each: each.starts_at if sold == offering else None)

    [read] = shown(to_payload(offering)).sessions
    assert read == replace(session, purchase_ends_at=starts_at)
    assert to_payload(shown(to_payload(offering))) == to_payload(offering)  # it is not stored


@given(any_offering)
def test_times_keep_the_clock_of_their_place(offering: Offering):
    back = from_payload(to_payload(offering))

    for before, after in zip(offering.sessions, back.sessions, strict=True):
        if before.starts_at is not None:
            assert after.starts_at is not None
            assert after.starts_at.replace(tzinfo=None) == before.starts_at.replace(tzinfo=None)


def test_a_zone_keeps_its_name():
    makassar = ZoneInfo("Asia/Makassar")
    session = Session(TOKOPEDIA, RemoteId("1"), starts_at=datetime(2026, 3, 2, 9, tzinfo=makassar))

    back = from_session_payload(TOKOPEDIA, to_session_payload(session))

    assert back == session
    assert back.starts_at is not None
    assert back.starts_at.tzinfo is makassar


def test_unwritable_text_is_refused():
    with pytest.raises(ValueError, match="surrogates"):
        to_payload(an_offering(title="\ud800"))


def test_a_payload_from_the_future_is_refused():
    payload = to_payload(an_offering()).replace('"v":1', '"v":99')

    with pytest.raises(ValueError, match="version 99 is newer"):
        from_payload(payload)


def test_any_difference_has_another_digest():
    first, second = an_offering(price=1), an_offering(price=2)

    assert digest(to_payload(first)) != digest(to_payload(second))
