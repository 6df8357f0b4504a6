"""Enrolling by a live quote: the price that the learner was shown, and the seats of now."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from schema.model.catalogue import Offering
from schema.model.enrolment import EnrolErrorCode, EnrolmentStatus
from schema.model.quotes import KnownQuote
from schema.model.values import FreshnessState, Money
from tests.integration.enrolment.builders import GRANT, NOW, PRICE, Programme, codes

pytestmark = pytest.mark.anyio
CODE = EnrolErrorCode
NEW_PRICE = 400_000


class Quotes:
    """Implements `LiveQuotes.read_live`: tells what a test has put, and counts who asks."""

    def __init__(self) -> None:
        self.told: dict[str, KnownQuote] = {}
        self.asked: Counter[str] = Counter()
        self.during = lambda: None

    async def read_live(self, offering: Offering) -> KnownQuote | None:
        self.asked[offering.key] += 1
        self.during()
        return self.told.get(offering.key)

    def tell(self, offering: Offering, price: int | None = PRICE, seats=None, at=NOW) -> None:
        """Tell of the offering's one session, if `seats` is given."""
        left = {} if seats is None else {offering.sessions[0].key: seats}
        told = None if price is None else Money(price)
        self.told[offering.key] = KnownQuote(told, at, FreshnessState.LIVE, left)


@pytest.fixture
def quotes(programme: Programme) -> Quotes:
    made = Quotes()
    programme.service._quotes = made
    return made


async def test_a_price_that_has_changed_since_it_was_shown_is_refused(programme, quotes):
    offering = programme.shelf.put("barista")
    quotes.tell(offering, NEW_PRICE)

    outcome = await programme.enrol(offering, expected=PRICE)

    [refusal] = outcome.refusals
    assert (refusal.code, refusal.field) == (CODE.PRICE_CHANGED, ("expectedPrice",))
    assert str(NEW_PRICE) in refusal.message
    assert await programme.balance() == GRANT


async def test_the_price_of_now_is_what_is_paid(programme, quotes):
    """Our list is behind: the partner asks what the learner was shown."""
    offering = programme.shelf.put("barista")
    quotes.tell(offering, NEW_PRICE)

    outcome = await programme.enrol(offering, expected=NEW_PRICE)

    assert outcome.refusals == ()
    assert outcome.enrolment.price == Money(NEW_PRICE)
    assert await programme.balance() == GRANT - NEW_PRICE


async def test_who_does_not_say_what_they_were_shown_waits_for_no_partner(programme, quotes):
    offering = programme.shelf.put("barista")
    quotes.tell(offering, NEW_PRICE)

    outcome = await programme.enrol(offering)

    assert outcome.enrolment.price == Money(PRICE)
    assert not quotes.asked


@pytest.mark.parametrize(("expected", "refused"), [(PRICE, []), (NEW_PRICE, [CODE.PRICE_CHANGED])])
async def test_without_a_quote_in_time_the_list_counts(programme, quotes, expected, refused):
    offering = programme.shelf.put("barista")

    outcome = await programme.enrol(offering, expected=expected)

    assert codes(outcome) == refused
    assert quotes.asked["barista"] == 1


async def test_a_quote_without_a_price_leaves_it_as_listed(programme, quotes):
    offering = programme.shelf.put("barista")
    quotes.tell(offering, price=None)

    outcome = await programme.enrol(offering, expected=PRICE)

    assert outcome.enrolment.price == Money(PRICE)


async def test_a_session_that_has_filled_up_since_it_was_listed_is_full(programme, quotes):
    offering = programme.shelf.put("barista", seats=9)
    quotes.tell(offering, seats=0)

    outcome = await programme.enrol(offering, expected=PRICE)

    assert codes(outcome) == [CODE.COURSE_FULL]


async def test_a_seat_that_has_become_free_since_it_was_listed_is_given(programme, quotes):
    offering = programme.shelf.put("barista", seats=0)
    quotes.tell(offering, seats=1)

    outcome = await programme.enrol(offering, expected=PRICE)

    assert outcome.enrolment.status is EnrolmentStatus.RESERVED


async def test_the_last_seats_of_a_quote_are_given_once(programme, quotes):
    offering = programme.shelf.put("barista", seats=9)
    quotes.tell(offering, seats=3)

    outcomes = await asyncio.gather(
        *(programme.enrol(offering, f"key-{n}", f"learner-{n}", expected=PRICE) for n in range(10))
    )

    assert sorted(map(codes, outcomes)) == [[]] * 3 + [[CODE.COURSE_FULL]] * 7


async def test_wishes_that_rest_on_seats_of_different_moments_are_counted_apart(programme, quotes):
    """Who is judged by a list of before must not be told the count of after."""
    offering = programme.shelf.put("barista", seats=3)
    for n in range(3):
        await programme.enrol(offering, f"before-{n}", f"early-{n}")
    await programme.courier.deliver_due()
    for name in ("quoted", "unquoted-1", "unquoted-2"):
        await programme.balance(name)  # who is known is recorded together with others
    programme.clock.advance(minutes=1)
    quotes.tell(offering, seats=1, at=NOW + timedelta(minutes=1))

    outcomes = await asyncio.gather(
        programme.enrol(offering, "quoted", "quoted", expected=PRICE),
        programme.enrol(offering, "unquoted-1", "unquoted-1"),
        programme.enrol(offering, "unquoted-2", "unquoted-2"),
    )

    assert [codes(each) for each in outcomes] == [[], [CODE.COURSE_FULL], [CODE.COURSE_FULL]]


async def test_seats_that_are_ours_are_not_the_partners_to_tell(programme, quotes):
    offering = programme.shelf.put("barista", seats=9)
    await programme.own_seats(offering, 1)
    quotes.tell(offering, seats=0)

    outcome = await programme.enrol(offering, expected=PRICE)

    assert outcome.refusals == ()


async def test_a_quote_is_asked_for_before_any_transaction_opens(programme, quotes):
    offering = programme.shelf.put("barista")
    quotes.tell(offering)
    busy: list[int] = []
    quotes.during = lambda: busy.append(programme.database.engine.pool.checkedout())
    before = programme.database.engine.pool.checkedout()

    await programme.enrol(offering, expected=PRICE)

    assert busy == [before]


async def test_what_is_not_sold_any_more_is_not_asked_for(programme, quotes):
    offering = programme.shelf.put("barista")
    fact = programme.shelf.facts[offering.id]
    programme.shelf.facts[offering.id] = replace(fact, withdrawn=True)

    outcome = await programme.enrol(offering, expected=PRICE)

    assert codes(outcome) == [CODE.NOT_ENROLABLE]
    assert not quotes.asked
