"""The policy on what is wanted: its price, its seats, its sessions, and whether it is for sale."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.enrolment.facts import Facts
from gateway.enrolment.policy import refusals
from schema.model.catalogue import Session
from schema.model.enrolment import EnrolErrorCode
from schema.model.values import EnrolmentMode, Money, RemoteId
from tests.unit.enrolment.facts import (
    BLOCK,
    CLOSED,
    CODE,
    HOUR,
    NOW,
    OPEN,
    PRICE,
    facts,
    with_sessions,
)

STARTED = replace(OPEN, key=RemoteId("S2"), enrolment_ends_at=None, starts_at=NOW)
UNOPENED = replace(OPEN, key=RemoteId("S4"), enrolment_starts_at=NOW + HOUR)
UNDATED = Session(OPEN.partner, RemoteId("S4"))
UNLIMITED = replace(OPEN, key=RemoteId("S5"), unlimited=True, seats_left=0)


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        pytest.param(facts(), [], id="all-good"),
        pytest.param(facts(balance=PRICE), [], id="exact-balance"),
        pytest.param(facts(balance=PRICE - 1), [CODE.BALANCE_TOO_LOW], id="one-rupiah-short"),
        pytest.param(facts(price=Money(0), balance=0), [], id="free-needs-no-money"),
        pytest.param(facts(price=None), [CODE.NOT_ENROLABLE], id="unknown-price"),
        pytest.param(facts(price=Money(500, "USD")), [CODE.NOT_ENROLABLE], id="other-currency"),
        pytest.param(
            facts(enrolment_mode=EnrolmentMode.LINK), [CODE.NOT_ENROLABLE], id="link-only"
        ),
        pytest.param(
            facts(enrolment_mode=EnrolmentMode.PARTNER_SITE), [CODE.NOT_ENROLABLE], id="at-partner"
        ),
        pytest.param(facts(withdrawn=True), [CODE.NOT_ENROLABLE], id="withdrawn"),
        pytest.param(facts(approved=False), [CODE.NOT_ENROLABLE], id="not-approved"),
        pytest.param(facts(is_paused=True), [CODE.NOT_ENROLABLE], id="paused"),
        pytest.param(facts(block=BLOCK), [CODE.COURSE_BLOCKED], id="blocked"),
        pytest.param(facts(expected=PRICE), [], id="price-as-expected"),
        pytest.param(facts(expected=PRICE - 1), [CODE.PRICE_CHANGED], id="price-changed"),
        pytest.param(facts(OPEN), [CODE.NOT_FOUND], id="session-of-another-offering"),
        pytest.param(with_sessions(OPEN, chosen=OPEN), [], id="open-session"),
        pytest.param(with_sessions(OPEN), [CODE.SESSION_REQUIRED], id="no-session-chosen"),
        pytest.param(
            with_sessions(OPEN, CLOSED, chosen=CLOSED), [CODE.ENROLMENT_CLOSED], id="closes-now"
        ),
        pytest.param(
            with_sessions(UNOPENED, chosen=UNOPENED), [CODE.ENROLMENT_CLOSED], id="opens-later"
        ),
        pytest.param(
            with_sessions(STARTED, chosen=STARTED),
            [CODE.ENROLMENT_CLOSED, CODE.ENROLMENT_CLOSED],
            id="starts-now",
        ),
        pytest.param(
            with_sessions(CLOSED, STARTED),
            [CODE.ENROLMENT_CLOSED, CODE.SESSION_REQUIRED],
            id="all-sessions-closed",
        ),
        pytest.param(with_sessions(UNDATED, chosen=UNDATED), [], id="untold-dates-forbid-nothing"),
        pytest.param(with_sessions(OPEN, chosen=OPEN, taken=4), [], id="last-seat"),
        pytest.param(with_sessions(OPEN, chosen=OPEN, taken=5), [CODE.COURSE_FULL], id="full"),
        pytest.param(with_sessions(UNLIMITED, chosen=UNLIMITED, taken=9), [], id="unlimited"),
    ],
)
def test_an_offering_is_refused_for_exactly_what_stands_against_it(
    given: Facts, codes: list[EnrolErrorCode]
):
    assert [refusal.code for refusal in refusals(given)] == codes


@pytest.mark.parametrize(
    ("good_for", "is_sale", "codes"),
    [
        (timedelta(seconds=1), False, []),
        (timedelta(), False, [CODE.PARTNER_UNAVAILABLE]),
        (timedelta(), True, []),  # who sells it itself is there
        (None, False, []),
    ],
)
def test_a_partner_that_is_gone_for_too_long_takes_nobody(good_for, is_sale, codes):
    given = facts()
    until = None if good_for is None else NOW + good_for
    given = replace(
        given, offering=replace(given.offering, good_until=until), is_partner_sale=is_sale
    )

    assert [each.code for each in refusals(given)] == codes
