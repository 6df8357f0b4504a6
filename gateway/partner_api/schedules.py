"""What a partner's course_code and schedule_code name, and how many seats are left."""

from dataclasses import dataclass

from gateway.enrolment.places import read_left
from gateway.partner_api.faults import Fault, PartnerApiError
from gateway.storage.engine import Database
from schema.model.catalogue import Session
from schema.model.codes import is_code_of, public_code
from schema.model.values import OfferingId, PartnerCode, SessionId
from schema.ports import CodedOfferings, OfferingFact

UNLIMITED = 999_980


@dataclass(frozen=True, slots=True)
class Schedule:
    """A session that a partner sells; an offering without sessions is its own schedule."""

    fact: OfferingFact
    session: Session | None

    @property
    def codes(self) -> dict[str, str]:
        """The codes, as they are written."""
        offering = self.fact.offering.id
        return to_codes(offering, self.session.id if self.session else None)


class Schedules:
    """Finds schedules by their codes, each partner's for itself."""

    def __init__(self, ledger: Database, offerings: CodedOfferings) -> None:
        self._ledger = ledger
        self._offerings = offerings

    async def find(self, partner: PartnerCode, course_code: str, schedule_code: str) -> Schedule:
        """Return what is sold; what is another partner's is as unknown as what is not there.

        Raises `PartnerApiError`.
        """
        fact = await self._offerings.read_fact_by_code(partner, course_code)
        if fact is None or fact.withdrawn or not fact.approved:
            raise PartnerApiError(Fault.UNKNOWN_SCHEDULE)
        sessions = fact.offering.sessions
        if not sessions and is_code_of(schedule_code, fact.offering.id):
            return Schedule(fact, None)
        for session in sessions:
            if is_code_of(schedule_code, session.id):
                return Schedule(fact, session)
        raise PartnerApiError(Fault.UNKNOWN_SCHEDULE)

    async def read_quota(self, schedule: Schedule) -> int:
        """Return how many seats are left; those of which no end is known are unlimited."""
        session, fetched_at = schedule.session, schedule.fact.fetched_at
        if session is None:
            return UNLIMITED
        left = await self._ledger.read(lambda c: read_left(c, session, fetched_at))
        return UNLIMITED if left is None else min(left, UNLIMITED)


def to_codes(offering: OfferingId, session: SessionId | None) -> dict[str, str]:
    """Return course_code and schedule_code."""
    return {"course_code": public_code(offering), "schedule_code": public_code(session or offering)}
