"""An enrolment on its way to its partner."""

from schema.model.enrolment import Enrolment
from tests.integration.enrolment.builders import (
    Act,
    Programme,
)


async def enrolled(programme: Programme, *acts: Act) -> Enrolment:
    programme.partner.acts = list(acts)
    outcome = await programme.enrol(programme.shelf.put("barista"))
    assert outcome.enrolment is not None
    return outcome.enrolment


async def delivered(programme: Programme, record: Enrolment, rounds: int = 1) -> Enrolment:
    """Return the enrolment after some rounds of the courier, ten minutes apart."""
    for _ in range(rounds):
        await programme.courier.deliver_due()
        programme.clock.advance(minutes=10)
    found = await programme.service.read_enrolment(record.learner, record.id)
    assert found is not None
    return found
