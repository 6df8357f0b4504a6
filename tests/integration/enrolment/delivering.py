"""An enrolment on its way to its partner, and what the partner says of it afterwards."""

from typing import Any

from gateway.enrolment.hearing import Said
from gateway.enrolment.partner_reports import PartnerReport
from schema.model.enrolment import Enrolment, EnrolmentStatus
from tests.integration.enrolment.builders import PARTNER, SITI, Programme
from tests.integration.enrolment.scripted import Act, confirms, is_unavailable


async def enrolled(programme: Programme, *acts: Act) -> Enrolment:
    """Return an enrolment that no courier has taken yet."""
    programme.partner.acts = list(acts)
    outcome = await programme.enrol(programme.shelf.put("barista"))
    assert outcome.enrolment is not None
    return outcome.enrolment


async def sent(
    programme: Programme,
    act: Act = confirms,
    *,
    course: str = "barista",
    learner: str = SITI,
    **shelf: Any,
) -> Enrolment:
    """Return an enrolment, as it began, that a partner has had which acts so."""
    programme.partner.acts = [act]
    offering = programme.shelf.put(course, **shelf)
    outcome = await programme.enrol(offering, f"{course}-{learner}", learner)
    assert outcome.enrolment is not None, outcome.refusals
    await programme.courier.deliver_due()
    return outcome.enrolment


async def delivered(programme: Programme, record: Enrolment, rounds: int = 1) -> Enrolment:
    """Return the enrolment after some rounds of the courier, ten minutes apart."""
    for _ in range(rounds):
        await programme.courier.deliver_due()
        programme.clock.advance(minutes=10)
    return await programme.read(record)


async def in_review(
    programme: Programme, act: Act = is_unavailable, *, course: str = "barista", **shelf: Any
) -> Enrolment:
    """Return an enrolment of which the courier has despaired."""
    record = await sent(programme, act, course=course, **shelf)
    programme.partner.is_down = True
    programme.clock.advance(minutes=10)
    record = await delivered(programme, record, rounds=7)
    programme.partner.is_down = False
    assert record.status is EnrolmentStatus.MANUAL_REVIEW
    return record


def a_report(
    programme: Programme, record: Enrolment, said: Said, version: int = 1, **told: Any
) -> PartnerReport:
    """Return what the partner says now of an enrolment."""
    return PartnerReport(PARTNER, record.reference, said, programme.clock(), version, **told)


async def reported(
    programme: Programme, record: Enrolment, said: Said, version: int = 1, **told: Any
) -> None:
    """Have the partner report, and its report applied."""
    await programme.reports.apply(a_report(programme, record, said, version, **told))
