"""The ledger as one learner sees it, kept in memory."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from schema import ports
from schema.model.enrolment import (
    Actor,
    EnrolErrorCode,
    Enrolment,
    EnrolmentEvent,
    EnrolmentStatus,
    EnrolOutcome,
    EnrolRequest,
    EnrolVerdict,
    Refusal,
    RuleState,
    RuleValue,
)
from schema.model.values import EnrolmentId, Money, Reference
from tests.unit.schema.builders import NOW, cut
from tests.unit.schema.catalogue_fakes import FakeCatalogue


class FakeEnrolments:
    """A ledger that confirms at once, keeps keys, and knows whose an enrolment is."""

    def __init__(self, catalogue: FakeCatalogue, balance: int = 3_500_000) -> None:
        self._catalogue = catalogue
        self._grant = balance
        self._numbers = count(1)
        self._by_key: dict[tuple[str, str], Enrolment] = {}
        self.tried: list[EnrolRequest] = []

    async def enrol(self, request: EnrolRequest) -> EnrolOutcome:
        key = request.learner, request.idempotency_key
        offering = self._catalogue.offering(request.offering_id)
        if offering is None or offering.price is None:
            refusal = Refusal(EnrolErrorCode.NOT_FOUND, "gone", ("offeringId",))
            return EnrolOutcome(None, (refusal,))
        if request.session_id not in {None, *(session.id for session in offering.sessions)}:
            refusal = Refusal(EnrolErrorCode.NOT_FOUND, "gone", ("sessionId",))
            return EnrolOutcome(None, (refusal,))
        if key not in self._by_key:
            number = next(self._numbers)
            self._by_key[key] = Enrolment(
                id=EnrolmentId(f"22222222-0000-4000-8000-{number:012}"),
                learner=request.learner,
                status=EnrolmentStatus.RESERVED,
                course_id=self._catalogue.course_of(offering.id).id,
                offering_id=offering.id,
                session_id=request.session_id,
                partner=offering.partner,
                price=offering.price,
                reference=Reference(f"MTR-{number}"),
                created_at=NOW,
            )
        return EnrolOutcome(self._by_key[key])

    async def read_verdicts(self, request: EnrolRequest) -> Sequence[EnrolVerdict]:
        self.tried.append(request)
        is_known = self._catalogue.offering(request.offering_id) is not None
        state = RuleState.KEPT if is_known else RuleState.REFUSED
        code, values = EnrolErrorCode.NOT_FOUND, (RuleValue("lastDay", "2020-05-10"),)
        return [EnrolVerdict("exists", code, state, "It exists.", ("offeringId",), values)]

    async def read_enrolment(self, learner: Any, enrolment_id: Any) -> Enrolment | None:
        mine = await self._of(learner)
        return next((each for each in mine if each.id == enrolment_id), None)

    async def read_enrolments(
        self, learner: Any, window: ports.Window, statuses: Sequence[EnrolmentStatus]
    ) -> ports.Slice[Enrolment]:
        mine = [e for e in await self._of(learner) if not statuses or e.status in statuses]
        return cut(mine, lambda enrolment: enrolment.id, window)

    async def read_events(self, enrolment_id: Any) -> Sequence[EnrolmentEvent]:
        return [EnrolmentEvent(NOW, None, EnrolmentStatus.RESERVED, Actor.LEARNER, "enrol")]

    async def read_balance(self, learner: Any) -> Money:
        return Money(self._grant - sum(each.price.amount for each in await self._of(learner)))

    def settle(self, status: EnrolmentStatus) -> None:
        """Let every enrolment stand so."""
        self._by_key = {k: replace(e, status=status) for k, e in self._by_key.items()}

    async def _of(self, learner: Any) -> list[Enrolment]:
        return [each for each in reversed(self._by_key.values()) if each.learner == learner]
