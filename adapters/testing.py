"""The conformance suite: what every adapter must do, ours and outsiders'.

A *case* is a folder that shows one partner's answer and says what it means;
`adapters/recorded.py` tells its form.  Run every check over it, with pytest and anyio:

```python
CASE = load_case(Path(__file__).parent / "payloads" / "my_partner")

@pytest.mark.anyio
@pytest.mark.parametrize("check", checks_for(CASE), ids=lambda check: check.__name__)
async def test_my_adapter(check):
    await check(CASE)
```

`fault_checks_for(CASE)` are its second half, run in the same way: over real HTTP the recorded
partner hangs, drips, floods, lies and breaks off, as `adapters/fault_checks.py` tells.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import httpx

from adapters.base import (
    Capability,
    Cursor,
    NotModified,
    Page,
    Receipt,
    ReceiptStatus,
    Statement,
)
from adapters.errors import (
    AmbiguousPartnerError,
    PartnerAccessError,
    PartnerContractError,
    PartnerError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from adapters.fault_checks import MishandledFaultError, fault_checks_for
from adapters.recorded import (
    REFERENCE,
    Answering,
    Call,
    Case,
    cancel,
    enrol,
    facing,
    fetch,
    fetch_knowing,
    fetch_statement_of,
    find,
    load_case,
    load_cases,
    quote_of,
    with_body,
    with_failure,
    with_not_modified,
    with_status,
)
from adapters.transport import AnswerLostError, RequestNotSentError
from schema.model.catalogue import Offering

__all__ = [
    "Case", "MishandledFaultError", "NonconformingError", "checks_for", "fault_checks_for",
    "load_case", "load_cases",
]  # fmt: skip


DAY = date(2020, 4, 11)


class NonconformingError(AssertionError):
    """An adapter does not do what every adapter must; the message says what."""


Check = Callable[[Case], Awaitable[None]]


def checks_for(case: Case) -> list[Check]:
    """Return the checks that apply to a case, by its adapter's capabilities and what it shows."""
    checks: list[Check] = []
    if Capability.CATALOGUE in case.capabilities:
        checks += CATALOGUE_CHECKS
        if "ETag" in case.headers:
            checks.append(passes_on_not_modified)
    if Capability.ENROLMENT in case.capabilities:
        checks += ENROLMENT_CHECKS
        if case.receipt is not None:
            checks.append(understands_a_recorded_receipt)
    if Capability.STATEMENT in case.capabilities:
        checks += STATEMENT_CHECKS
    if Capability.QUOTE in case.capabilities:
        checks += QUOTE_CHECKS
    return checks


# --- the catalogue -------------------------------------------------------------------


async def translates_its_first_page(case: Case) -> None:
    """Read the recorded answer as the records, rejections and cursor that the case tells."""
    found = await _page(case, case.payload)
    expected = case.expected
    _same("offerings", len(found.offerings), expected["offerings"])
    _same("rejections", len(found.rejections), expected.get("rejections", 0), found.rejections)
    _same("left_out", len(found.left_out), expected.get("left_out", 0), found.left_out)
    _same("next_cursor", found.next_cursor is not None, expected.get("next_cursor", False))
    if found.offerings:
        _check_first(found.offerings[0], expected.get("first", {}))


async def speaks_for_its_partner_alone(case: Case) -> None:
    """Give every record to the partner that the settings name, under a key of its own."""
    found = await _page(case, case.payload)
    owners = {offering.partner for offering in found.offerings}
    owners |= {each.partner for offering in found.offerings for each in offering.sessions}
    keys = [offering.key for offering in found.offerings]
    _same("partners of the records", owners, {case.name} if keys else set())
    _same("distinct keys", len(set(keys)), len(keys))


async def gives_the_same_records_again(case: Case) -> None:
    """Give equal records with the same ids for the same answer, from another instance too."""
    first, again = await _page(case, case.payload), await _page(case, case.payload)
    _same("records", again.offerings, first.offerings)
    ids = [offering.id for offering in first.offerings]
    _same("ids", [offering.id for offering in again.offerings], ids)


async def keeps_the_rest_when_a_row_is_bad(case: Case) -> None:
    """Reject one spoilt row with a reason, and take the others as before."""
    spoil = case.expected["bad_row"]
    good, bad = spoil["find"].encode(), spoil["replace"].encode()
    if good not in case.payload:
        raise NonconformingError(f"case {case.name}: bad_row.find is not in the payload")
    before = await _page(case, case.payload)
    after = await _page(case, case.payload.replace(good, bad, 1))
    _same("offerings left", len(after.offerings), len(before.offerings) - 1, after.rejections)
    _same("rejections", len(after.rejections), len(before.rejections) + 1, after.rejections)
    if not all(each.reason and each.raw and each.row for each in after.rejections):
        raise NonconformingError("a rejection lacks its row number, reason or raw text")


async def says_that_its_partner_is_down(case: Case) -> None:
    """Raise `PartnerUnavailableError` for 503, and for no connection."""
    await _raises(PartnerUnavailableError, case, with_status(503))
    await _raises(PartnerUnavailableError, case, with_failure(RequestNotSentError("refused")))
    await _raises(PartnerUnavailableError, case, with_failure(AnswerLostError("broke off")))


async def says_when_to_come_back(case: Case) -> None:
    """Raise `PartnerThrottledError` for 429, with the Retry-After that the partner gave."""
    error = await _raises(PartnerThrottledError, case, with_status(429, {"Retry-After": "7"}))
    _same("retry_after", getattr(error, "retry_after", None), 7.0)


async def says_that_it_is_refused(case: Case) -> None:
    """Raise `PartnerAccessError` for 401 and 403, and `PartnerRefusedError` for 400."""
    await _raises(PartnerAccessError, case, with_status(401))
    await _raises(PartnerAccessError, case, with_status(403))
    await _raises(PartnerRefusedError, case, with_status(400))


async def refuses_what_is_no_catalogue(case: Case) -> None:
    """Raise `PartnerContractError` for HTML, an empty object, a list of numbers, and nothing."""
    for body in (b"<!doctype html><title>Maintenance</title><p>Back soon", b"{}", b"[7, 8]", b""):
        await _raises(PartnerContractError, case, with_body(case, body))


async def refuses_redirects(case: Case) -> None:
    """Follow no redirect: the address in the partners file is to be put right."""
    elsewhere = {"Location": "http://169.254.169.254/latest"}
    await _raises(PartnerContractError, case, with_status(302, elsewhere))


async def passes_on_not_modified(case: Case) -> None:
    """Ask with the validators of the page before, and read 304 as `NotModified`."""
    known = (await _page(case, case.payload)).validators
    if known is None:
        raise NonconformingError("the page has no validators, though the answer has an ETag")
    answering = with_not_modified(case.headers["ETag"])
    found = await facing(case, answering, fetch_knowing(known))
    if not isinstance(found, NotModified):
        raise NonconformingError("the known ETag was not asked with, or 304 not understood")


CATALOGUE_CHECKS: tuple[Check, ...] = (
    translates_its_first_page,
    speaks_for_its_partner_alone,
    gives_the_same_records_again,
    keeps_the_rest_when_a_row_is_bad,
    says_that_its_partner_is_down,
    says_when_to_come_back,
    says_that_it_is_refused,
    refuses_what_is_no_catalogue,
    refuses_redirects,
)


# --- enrolments ----------------------------------------------------------------------


async def knows_that_nothing_was_booked(case: Case) -> None:
    """Raise `PartnerUnavailableError` for a write that was never sent: repeating it is safe."""
    failing = with_failure(RequestNotSentError("refused"))
    await _raises(PartnerUnavailableError, case, failing, enrol)
    await _raises(PartnerUnavailableError, case, failing, cancel)


async def never_guesses_about_a_lost_answer(case: Case) -> None:
    """Raise `AmbiguousPartnerError` for a write whose answer was lost, or is 5xx."""
    for answering in (
        with_failure(AnswerLostError("broke off")),
        with_status(500),
        with_status(504),
    ):
        await _raises(AmbiguousPartnerError, case, answering, enrol)
        await _raises(AmbiguousPartnerError, case, answering, cancel)


async def never_takes_an_unreadable_success_for_a_failure(case: Case) -> None:
    """Raise `AmbiguousPartnerError` for a 201 without a receipt: it may be a booking."""
    for body in (b"<html>thank you", b"{}", b"[]", b""):
        await _raises(AmbiguousPartnerError, case, with_body(case, body, 201), enrol)


async def says_that_a_booking_is_refused(case: Case) -> None:
    """Tell 422 to a write (refused) from 403 (we are not let in) and 429 (too much)."""
    await _raises(PartnerAccessError, case, with_status(403), enrol)
    await _raises(PartnerRefusedError, case, with_status(422), enrol)
    await _raises(PartnerThrottledError, case, with_status(429), enrol)


async def finds_nothing_where_nothing_is(case: Case) -> None:
    """Read 404 to a look-up as None, and a fault as a fault."""
    _same("what was found", await facing(case, with_status(404), find), None)
    await _raises(PartnerUnavailableError, case, with_status(503), find)


async def sends_its_reference(case: Case) -> None:
    """Send the reference as Idempotency-Key and in the body, in one request."""
    seen: list[httpx.Request] = []

    def answering(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(403)

    await _raises(PartnerRefusedError, case, answering, enrol)
    _same("requests", len(seen), 1)
    _same("Idempotency-Key", seen[0].headers.get("Idempotency-Key"), REFERENCE)
    if REFERENCE.encode() not in seen[0].content:
        raise NonconformingError("the body of an enrolment does not tell our reference")


async def understands_a_recorded_receipt(case: Case) -> None:
    """Read the recorded receipt alike in `enrol`, `find` and `cancel`."""
    status = ReceiptStatus(case.expected["receipt"].get("status", "confirmed"))
    for call, http_status in ((enrol, 201), (enrol, 200), (find, 200), (cancel, 200)):
        receipt = await facing(case, with_body(case, case.receipt or b"", http_status), call)
        if not isinstance(receipt, Receipt):
            raise NonconformingError(f"{call.__name__} gave no receipt but {receipt!r}")
        _same("receipt", (receipt.reference, receipt.status), (REFERENCE, status))


ENROLMENT_CHECKS: tuple[Check, ...] = (
    knows_that_nothing_was_booked,
    never_guesses_about_a_lost_answer,
    never_takes_an_unreadable_success_for_a_failure,
    says_that_a_booking_is_refused,
    finds_nothing_where_nothing_is,
    sends_its_reference,
)


# --- statements ----------------------------------------------------------------------


async def reads_a_recorded_statement(case: Case) -> None:
    """Read the recorded statement as the lines, rejections and cursor that the case tells."""
    if case.statement is None:
        raise NonconformingError(f"case {case.name}: record a statement (adapters/recorded.py)")
    expected = case.expected["statement"]
    found = await facing(case, with_body(case, case.statement), _statement_of(case))
    if not isinstance(found, Statement):
        raise NonconformingError(f"fetch_statement gave no Statement but {found!r:.200}")
    _same("lines", len(found.lines), expected["lines"], found.rejections)
    _same("rejections", len(found.rejections), expected.get("rejections", 0), found.rejections)
    _same("next_cursor", found.next_cursor is not None, expected.get("next_cursor", False))
    first = found.lines[0]
    told = {
        "reference": first.reference,
        "status": first.status,
        "price": first.price.amount if first.price else None,
        "partner_reference": first.partner_reference,
    }
    for name, value in expected.get("first", {}).items():
        _same(f"the first line's {name}", told[name], value)


async def asks_for_one_day_from_a_cursor(case: Case) -> None:
    """Ask for the day, and give the cursor back as it was given, in one request."""
    seen: list[httpx.Request] = []

    def answering(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(403)

    cursor = Cursor("page/2 & more")
    call = fetch_statement_of(DAY, cursor)
    await _raises(PartnerRefusedError, case, answering, call)
    _same("requests", len(seen), 1)
    told = (seen[0].method, seen[0].url.params.get("day"), seen[0].url.params.get("cursor"))
    _same("what was asked", told, ("GET", DAY.isoformat(), cursor))


async def says_why_there_is_no_statement(case: Case) -> None:
    """Tell a partner that is down, busy, or refuses from one that answers nonsense."""
    call = fetch_statement_of(DAY)
    await _raises(PartnerUnavailableError, case, with_status(503), call)
    await _raises(PartnerUnavailableError, case, with_failure(AnswerLostError("broke off")), call)
    await _raises(PartnerThrottledError, case, with_status(429), call)
    await _raises(PartnerRefusedError, case, with_status(403), call)
    for body in (b"<html>maintenance", b"{}", b"[7, 8]", b"", case.receipt or b"null"):
        await _raises(PartnerContractError, case, with_body(case, body), call)


async def refuses_the_statement_of_another_day(case: Case) -> None:
    """Raise `PartnerContractError` when the statement is not of the day that was asked for."""
    other = date.fromisoformat(case.expected["statement"]["day"]) + timedelta(days=1)
    answering = with_body(case, case.statement or b"")
    await _raises(PartnerContractError, case, answering, fetch_statement_of(other))


STATEMENT_CHECKS: tuple[Check, ...] = (
    reads_a_recorded_statement,
    asks_for_one_day_from_a_cursor,
    says_why_there_is_no_statement,
    refuses_the_statement_of_another_day,
)


# --- quotes --------------------------------------------------------------------------


async def reads_a_recorded_quote(case: Case) -> None:
    """Read the recorded price and seats of the offering that was asked for, and of no other."""
    if case.quote is None:
        raise NonconformingError(f"case {case.name}: record a quote (adapters/recorded.py)")
    expected = case.expected["quote"]
    answering = with_body(case, case.quote)
    found = await facing(case, answering, quote_of(expected["offering"]))
    _same("quoted offerings", [each.offering for each in found], [expected["offering"]])
    price = found[0].price.amount if found[0].price else None
    _same("the quoted price", price, expected.get("price"))
    _same("the quoted seats", dict(found[0].seats), expected.get("seats", {}))
    strangers = await facing(case, answering, quote_of("nobody-asked-for-this"))
    _same("quotes of what was not asked for", list(strangers), [])


async def asks_for_quotes_in_one_request(case: Case) -> None:
    """Name every offering in one request that changes nothing."""
    seen: list[httpx.Request] = []

    def answering(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(403)

    await _raises(PartnerRefusedError, case, answering, quote_of("K-1", "K-2"))
    _same("requests", len(seen), 1)
    told = str(seen[0].url).encode() + seen[0].content
    if b"K-1" not in told or b"K-2" not in told:
        raise NonconformingError("the request does not name every offering")


async def says_why_there_is_no_quote(case: Case) -> None:
    """Tell a partner that is down, busy, or refuses from one that answers nonsense."""
    call = quote_of("K-1")
    await _raises(PartnerUnavailableError, case, with_status(503), call)
    await _raises(PartnerUnavailableError, case, with_failure(AnswerLostError("broke off")), call)
    await _raises(PartnerThrottledError, case, with_status(429), call)
    await _raises(PartnerRefusedError, case, with_status(403), call)
    for body in (b"<html>maintenance", b"{}", b"[7, 8]", b""):
        await _raises(PartnerContractError, case, with_body(case, body), call)


QUOTE_CHECKS: tuple[Check, ...] = (
    reads_a_recorded_quote,
    asks_for_quotes_in_one_request,
    says_why_there_is_no_quote,
)


# --- saying what is wrong --------------------------------------------------------------


def _statement_of(case: Case) -> Call:
    return fetch_statement_of(date.fromisoformat(case.expected["statement"]["day"]))


async def _page(case: Case, payload: bytes) -> Page:
    found = await facing(case, with_body(case, payload), fetch)
    if not isinstance(found, Page):
        raise NonconformingError(f"fetch_page gave no Page but {found!r}")
    return found


async def _raises(
    kind: type[PartnerError], case: Case, answering: Answering, call: Call = fetch
) -> PartnerError:
    """Return the error that `call` raises, which must be of `kind` and must not leak."""
    must = f"{call.__name__} must raise {kind.__name__}"
    try:
        got = await facing(case, answering, call)
    except kind as exc:
        if "partner.test" in exc.reason or "://" in exc.reason:
            raise NonconformingError(f"a reason carries an address: {exc.reason!r}") from exc
        return exc
    except Exception as exc:
        raise NonconformingError(f"{must}, not {exc!r}") from exc
    raise NonconformingError(f"{must}, but gave {got!r:.200}")


def _check_first(offering: Offering, expected: Mapping[str, Any]) -> None:
    session = offering.sessions[0] if offering.sessions else None
    starts_at = session.starts_at.isoformat() if session and session.starts_at else None
    found = {
        "key": offering.key,
        "title": offering.listed.title,
        "institution": offering.listed.institution,
        "price": offering.price.amount if offering.price else None,
        "delivery_mode": offering.delivery_mode,
        "enrolment_mode": offering.enrolment_mode,
        "duration_minutes": offering.listed.duration_minutes,
        "sessions": len(offering.sessions),
        "starts_at": starts_at,
    }
    for name, value in expected.items():
        if name not in found:
            raise NonconformingError(f"[first] knows no {name!r}; it knows {', '.join(found)}")
        _same(f"the first record's {name}", found[name], value)


def _same(what: str, found: object, expected: object, told: Sequence[object] = ()) -> None:
    if found != expected:
        more = f" ({told!r:.600})" if told else ""
        raise NonconformingError(f"{what}: expected {expected!r}, got {found!r}{more}")
