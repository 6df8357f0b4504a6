"""Reading the facts of verdicts from the ledger: under locks to enrol, freely for a dry run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.enrolment import blocks, ledger, places
from gateway.enrolment.blocks import StandingBlocks, block_on
from gateway.enrolment.facts import Facts, PastEnrolment
from gateway.enrolment.keys import KeyUse
from gateway.enrolment.ledger import Account
from gateway.enrolment.places import Room
from gateway.enrolment.rules.book import RuleBook
from gateway.enrolment.sales import Sale
from schema.model.blocks import Block, BlockScope
from schema.model.catalogue import Session
from schema.model.enrolment import EnrolRequest
from schema.model.values import LearnerId, SessionId
from schema.ports import OfferingFact


@dataclass(frozen=True, slots=True)
class Wish:
    """A request with what the catalogue says of it, and when it was made."""

    request: EnrolRequest
    fact: OfferingFact | None
    now: datetime
    use: KeyUse
    is_partner_sale: bool = False  # bought on the partner's own site
    sale: Sale | None = None  # told once it is to be recorded

    @property
    def session(self) -> Session | None:
        """The session that is asked for, if the offering has it."""
        wanted = self.request.session_id
        if wanted is None or self.fact is None:
            return None
        return next((each for each in self.fact.offering.sessions if each.id == wanted), None)


@dataclass(slots=True)
class Standing:
    """What the ledger says on wishes: read once, and told of every seat that is taken since."""

    histories: Mapping[LearnerId, Sequence[PastEnrolment]]
    blocks: Mapping[tuple[BlockScope, str], Sequence[Block]]  # not lifted, by what they name
    rooms: dict[SessionId, Room]  # of sessions whose seats are ours
    uncounted: dict[SessionId, dict[datetime, int]]  # places that partners had not counted then
    now: datetime

    def is_full(self, session_id: SessionId | None) -> bool:
        """Return whether one who comes now can at best wait for a seat of ours."""
        room = self.rooms.get(session_id) if session_id else None
        return room is not None and room.is_full

    def take_place(self, session_id: SessionId | None) -> None:
        """Count one more in a session: seated, or waiting if it is full."""
        if session_id is None:
            return
        if (room := self.rooms.get(session_id)) is not None:
            self.rooms[session_id] = room.with_one_more()
            return
        uncounted = self.uncounted.get(session_id, {})
        for moment in uncounted:
            uncounted[moment] += 1

    def facts_of(self, wish: Wish, account: Account | None, rules: RuleBook) -> Facts | None:
        """Return what the verdict on a wish rests on; None if there is no such offering."""
        if wish.fact is None:
            return None
        fact, taken = self._seats_of(wish, wish.fact)
        participant = account.participant if account else None
        return Facts(
            now=wish.now,
            request=wish.request,
            offering=fact,
            learner=participant,
            rules=rules.find(participant.scheme, participant.announced_on) if participant else None,
            history=self.histories.get(participant.id, ()) if participant else (),
            balance=account.spendable if account else 0,
            seats_taken=taken,
            block=block_on(self.blocks, wish.fact.targets, self.now) if self.blocks else None,
            is_partner_sale=wish.is_partner_sale,
        )

    def _seats_of(self, wish: Wish, fact: OfferingFact) -> tuple[OfferingFact, int]:
        """Return the offering with the wanted session's seats, as we count them if they are ours.

        Who can wait for one is not refused for want of it.
        """
        session = wish.session
        if session is None:
            return fact, 0
        room = self.rooms.get(session.id)
        if room is None:
            return fact, self.uncounted.get(session.id, {}).get(fact.fetched_at, 0)
        sessions = tuple(
            replace(each, seats_left=1, unlimited=False) if each.id == session.id else each
            for each in fact.offering.sessions
        )
        ours = replace(fact, offering=replace(fact.offering, sessions=sessions))
        may_wait = room.can_wait and not wish.is_partner_sale  # what is sold has a seat
        return ours, 1 if room.is_full and not may_wait else 0


def read_standing(
    connection: Connection, wishes: Iterable[Wish], standing: StandingBlocks, now: datetime
) -> Standing:
    """Return what the ledger says on wishes.

    Blocks are judged by `now`, not by when a wish was made: it may have waited.
    """
    known = [(wish, wish.fact) for wish in wishes if wish.fact is not None]
    sessions = {session.id: session for wish, _ in known if (session := wish.session)}
    rooms = places.read_rooms(connection, sessions)
    told = {  # wishes that are recorded together may rest on seats of several moments
        (session.id, fact.fetched_at)
        for wish, fact in known
        if (session := wish.session) and session.id not in rooms and session.seats_left is not None
    }
    counted = places.count_seats_taken(connection, told)
    uncounted: dict[SessionId, dict[datetime, int]] = {}
    for session_id, moment in told:
        uncounted.setdefault(session_id, {})[moment] = counted.get((session_id, moment), 0)
    return Standing(
        histories=ledger.read_histories(connection, {wish.request.learner for wish, _ in known}),
        blocks=standing.of(connection),
        now=now,
        rooms=rooms,
        uncounted=uncounted,
    )


def keep_still(connection: Connection, wishes: Iterable[Wish]) -> None:
    """Let nobody take a seat of the wanted sessions, or change blocks, until the commit.

    The learners are locked before, by everybody, so that locks are always taken in one order.
    """
    wanted = {session.id for wish in wishes if (session := wish.session)}
    places.keep_still(connection, wanted)
    blocks.keep_still(connection)
