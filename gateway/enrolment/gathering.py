"""Reading the facts of a verdict from the ledger: under locks to enrol, freely for a dry run."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.enrolment import blocks, ledger, money, places
from gateway.enrolment.facts import Facts, Participant
from gateway.enrolment.rules.book import RuleBook
from schema.model.enrolment import EnrolRequest
from schema.ports import OfferingFact


@dataclass(frozen=True, slots=True)
class Wish:
    """A request with what the catalogue says of it, and when it was made."""

    request: EnrolRequest
    fact: OfferingFact | None
    now: datetime


def read_facts(
    connection: Connection, wish: Wish, learner: Participant | None, rules: RuleBook, now: datetime
) -> Facts | None:
    """Return what the verdict on a wish rests on; None if there is no such offering.

    Blocks are judged by `now`, not by when the wish was made: it may have waited.
    """
    if wish.fact is None:
        return None
    facts = _with_learner(
        connection, Facts(wish.now, wish.request, wish.fact, None, None), learner, rules
    )
    facts = _with_seats(connection, facts)
    return replace(facts, block=blocks.read_block_on(connection, wish.fact.targets, now))


def keep_still(connection: Connection, wish: Wish) -> None:
    """Let nobody take a seat of the wanted session, or change blocks, until the commit.

    The learner is locked before, by everybody, so that locks are always taken in one order.
    """
    if wish.fact is None:
        return
    wanted = [s for s in wish.fact.offering.sessions if s.id == wish.request.session_id]
    for session in wanted:
        places.keep_still(connection, session.id)
    blocks.keep_still(connection)


def _with_learner(
    connection: Connection, facts: Facts, learner: Participant | None, rules: RuleBook
) -> Facts:
    if learner is None:
        return facts
    return replace(
        facts,
        learner=learner,
        rules=rules.find(learner.scheme, learner.announced_on),
        history=ledger.read_history(connection, learner.id),
        balance=money.read_balance(connection, learner.id),
    )


def _with_seats(connection: Connection, facts: Facts) -> Facts:
    """Return the facts with the seats of the wanted session: as we count them where they are ours.

    Who can wait for one is not refused for want of it.
    """
    session, fact = facts.session, facts.offering
    if session is None:
        return facts
    room = places.read_room(connection, session.id)
    if room.quota is None:
        if session.seats_left is None:
            return facts
        taken = places.count_seats_taken(connection, session.id, fact.fetched_at)
        return replace(facts, seats_taken=taken)
    sessions = tuple(
        replace(each, seats_left=1, unlimited=False) if each.id == session.id else each
        for each in fact.offering.sessions
    )
    ours = replace(fact, offering=replace(fact.offering, sessions=sessions))
    is_refused = room.is_full and not room.can_wait
    return replace(facts, offering=ours, seats_taken=1 if is_refused else 0)
