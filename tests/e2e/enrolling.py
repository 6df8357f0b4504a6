"""Questions of a learner who looks for something, books it, and waits for the partner."""

from typing import Any

from tests.e2e.conftest import Mitra, eventually

BOOKABLE = """query ($partners: [String!]) {
  courses(filter: { partners: $partners, priceMin: 1, priceMax: 500000 }, first: 50) {
    nodes { title offerings {
      id enrolmentMode price { amount } partner { code }
      sessions { id availability }
    } }
  }
}"""
ENROL = """mutation ($input: EnrolInput!) {
  enrol(input: $input) {
    enrolment { id status reference partner { code } course { title } price { amount } }
    userErrors { code message }
  }
}"""
ENROLMENT = """query ($id: ID!) {
  enrolment(id: $id) {
    status partnerReference accessUrl
    events { from to actor cause }
  }
}"""


def offering_of(mitra: Mitra, partner: str, *, has_session: bool) -> tuple[str, str | None]:
    """Return the ids of something that can be booked at a partner: offering and session."""
    for course in mitra.ask(BOOKABLE, partners=[partner])["courses"]["nodes"]:
        for offering in course["offerings"]:
            if offering["partner"]["code"] != partner or offering["enrolmentMode"] != "DIRECT":
                continue
            sessions = [s for s in offering["sessions"] if s["availability"] == "AVAILABLE"]
            if not has_session and not offering["sessions"]:
                return offering["id"], None
            if has_session and sessions:
                return offering["id"], sessions[0]["id"]
    raise AssertionError(f"{partner} sells nothing that can be booked")


def wait_for(mitra: Mitra, enrolment: str, token: str, status: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def has_status() -> bool:
        found.update(mitra.ask(ENROLMENT, token, id=enrolment)["enrolment"])
        return bool(found["status"] == status)

    eventually(has_status, what=f"the enrolment is {status}", seconds=10)
    return found
