"""How a refused webhook is told from one that is taken."""

from schema.model.enrolment import EnrolmentStatus
from tests.integration.enrolment.scripted import decides_later
from tests.integration.webhooks.partners import Hooks

S = EnrolmentStatus


async def pending(hooks: Hooks, key: str = "barista"):
    """Return an enrolment that its partner decides on later."""
    programme = hooks.programme
    programme.partner.acts = [decides_later]
    record = (await programme.enrol(programme.shelf.put(key), key)).enrolment
    await programme.courier.deliver_due()
    return record


async def is_refused(hooks: Hooks, response, code: str = "UNSIGNED", status: int = 401) -> bool:
    """Return whether an answer is a refusal, and nothing came of the request."""
    assert response.headers["content-type"] == "application/problem+json"
    told = (response.status_code, response.json()["code"])
    return told == (status, code) and (await hooks.programme.accounts()).get("PARTNER", 0) == 0
