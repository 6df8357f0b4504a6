"""Bringing what a wish rests on up to date: a live quote, asked before any transaction opens.

Only who says which price they were shown has the partner asked; all others are judged by its
list, so that recording many wishes together waits for nobody.
"""

from dataclasses import replace

from schema.model.catalogue import Session
from schema.model.enrolment import EnrolRequest
from schema.model.quotes import KnownQuote
from schema.model.values import EnrolmentMode
from schema.ports import OfferingFact
from schema.quote_ports import LiveQuotes


async def read_up_to_date(
    fact: OfferingFact | None, request: EnrolRequest, quotes: LiveQuotes | None
) -> OfferingFact | None:
    """Return the fact with what the partner tells now; as it was, if that does not come in time."""
    if fact is None or quotes is None or not _is_worth_asking(fact, request):
        return fact
    quote = await quotes.read_live(fact.offering)
    return fact if quote is None else with_quote(fact, quote, request)


def with_quote(fact: OfferingFact, quote: KnownQuote, request: EnrolRequest) -> OfferingFact:
    """Return the fact with a quote's price and seats.

    Places that were settled since the seats were told are counted on top of them; the moment is
    taken to the second, so that wishes recorded together need few counts.
    """
    sessions = tuple(_with_seats(session, quote) for session in fact.offering.sessions)
    told = {each.id for each in sessions if each.key in quote.seats}
    seats_are_told = request.session_id in told
    return replace(
        fact,
        offering=replace(fact.offering, price=quote.price or fact.price, sessions=sessions),
        fetched_at=quote.as_of.replace(microsecond=0) if seats_are_told else fact.fetched_at,
        good_until=None,  # it has just answered
    )


def _is_worth_asking(fact: OfferingFact, request: EnrolRequest) -> bool:
    is_bookable = fact.approved and not fact.withdrawn and fact.mode is EnrolmentMode.DIRECT
    return is_bookable and request.expected_price is not None


def _with_seats(session: Session, quote: KnownQuote) -> Session:
    left = quote.seats.get(session.key)
    return session if left is None or session.unlimited else replace(session, seats_left=left)
