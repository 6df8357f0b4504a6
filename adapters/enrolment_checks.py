"""What every adapter that books must do."""

import httpx

from adapters.base import Receipt, ReceiptStatus
from adapters.check_pieces import Check, NonconformingError, raises, same
from adapters.errors import (
    AmbiguousPartnerError,
    PartnerAccessError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from adapters.recorded import (
    REFERENCE,
    Case,
    cancel,
    enrol,
    facing,
    find,
    with_body,
    with_failure,
    with_status,
)
from adapters.transport import AnswerLostError, RequestNotSentError


async def knows_that_nothing_was_booked(case: Case) -> None:
    """Raise `PartnerUnavailableError` for a write that was never sent: repeating it is safe."""
    failing = with_failure(RequestNotSentError("refused"))
    await raises(PartnerUnavailableError, case, failing, enrol)
    await raises(PartnerUnavailableError, case, failing, cancel)


async def never_guesses_about_a_lost_answer(case: Case) -> None:
    """Raise `AmbiguousPartnerError` for a write whose answer was lost, or is 5xx."""
    for answering in (
        with_failure(AnswerLostError("broke off")),
        with_status(500),
        with_status(504),
    ):
        await raises(AmbiguousPartnerError, case, answering, enrol)
        await raises(AmbiguousPartnerError, case, answering, cancel)


async def never_takes_an_unreadable_success_for_a_failure(case: Case) -> None:
    """Raise `AmbiguousPartnerError` for a 201 without a receipt: it may be a booking."""
    for body in (b"<html>thank you", b"{}", b"[]", b""):
        await raises(AmbiguousPartnerError, case, with_body(case, body, 201), enrol)


async def says_that_a_booking_is_refused(case: Case) -> None:
    """Tell 422 to a write (refused) from 403 (we are not let in) and 429 (too much)."""
    await raises(PartnerAccessError, case, with_status(403), enrol)
    await raises(PartnerRefusedError, case, with_status(422), enrol)
    await raises(PartnerThrottledError, case, with_status(429), enrol)


async def finds_nothing_where_nothing_is(case: Case) -> None:
    """Read 404 to a look-up as None, and a fault as a fault."""
    same("what was found", await facing(case, with_status(404), find), None)
    await raises(PartnerUnavailableError, case, with_status(503), find)


async def sends_its_reference(case: Case) -> None:
    """Send the reference as Idempotency-Key and in the body, in one request."""
    seen: list[httpx.Request] = []

    def answering(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(403)

    await raises(PartnerRefusedError, case, answering, enrol)
    same("requests", len(seen), 1)
    same("Idempotency-Key", seen[0].headers.get("Idempotency-Key"), REFERENCE)
    if REFERENCE.encode() not in seen[0].content:
        raise NonconformingError("the body of an enrolment does not tell our reference")


async def understands_a_recorded_receipt(case: Case) -> None:
    """Read the recorded receipt alike in `enrol`, `find` and `cancel`."""
    status = ReceiptStatus(case.expected["receipt"].get("status", "confirmed"))
    for call, http_status in ((enrol, 201), (enrol, 200), (find, 200), (cancel, 200)):
        receipt = await facing(case, with_body(case, case.receipt or b"", http_status), call)
        if not isinstance(receipt, Receipt):
            raise NonconformingError(f"{call.__name__} gave no receipt but {receipt!r}")
        same("receipt", (receipt.reference, receipt.status), (REFERENCE, status))


ENROLMENT_CHECKS: tuple[Check, ...] = (
    knows_that_nothing_was_booked,
    never_guesses_about_a_lost_answer,
    never_takes_an_unreadable_success_for_a_failure,
    says_that_a_booking_is_refused,
    finds_nothing_where_nothing_is,
    sends_its_reference,
)
