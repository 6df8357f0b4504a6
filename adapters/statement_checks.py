"""What every adapter that gives statements must do."""

from datetime import date, timedelta

import httpx

from adapters.base import Cursor, Statement
from adapters.check_pieces import Check, NonconformingError, raises, same
from adapters.errors import (
    PartnerContractError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from adapters.recorded import (
    Call,
    Case,
    facing,
    fetch_statement_of,
    with_body,
    with_failure,
    with_status,
)
from adapters.transport import AnswerLostError

DAY = date(2020, 4, 11)


async def reads_a_recorded_statement(case: Case) -> None:
    """Read the recorded statement as the lines, rejections and cursor that the case tells."""
    if case.statement is None:
        raise NonconformingError(f"case {case.name}: record a statement (adapters/recorded.py)")
    expected = case.expected["statement"]
    found = await facing(case, with_body(case, case.statement), _statement_of(case))
    if not isinstance(found, Statement):
        raise NonconformingError(f"fetch_statement gave no Statement but {found!r:.200}")
    same("lines", len(found.lines), expected["lines"], found.rejections)
    same("rejections", len(found.rejections), expected.get("rejections", 0), found.rejections)
    same("next_cursor", found.next_cursor is not None, expected.get("next_cursor", False))
    first = found.lines[0]
    told = {
        "reference": first.reference,
        "status": first.status,
        "price": first.price.amount if first.price else None,
        "partner_reference": first.partner_reference,
    }
    for name, value in expected.get("first", {}).items():
        same(f"the first line's {name}", told[name], value)


async def asks_for_one_day_from_a_cursor(case: Case) -> None:
    """Ask for the day, and give the cursor back as it was given, in one request."""
    seen: list[httpx.Request] = []

    def answering(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(403)

    cursor = Cursor("page/2 & more")
    call = fetch_statement_of(DAY, cursor)
    await raises(PartnerRefusedError, case, answering, call)
    same("requests", len(seen), 1)
    told = (seen[0].method, seen[0].url.params.get("day"), seen[0].url.params.get("cursor"))
    same("what was asked", told, ("GET", DAY.isoformat(), cursor))


async def says_why_there_is_no_statement(case: Case) -> None:
    """Tell a partner that is down, busy, or refuses from one that answers nonsense."""
    call = fetch_statement_of(DAY)
    await raises(PartnerUnavailableError, case, with_status(503), call)
    await raises(PartnerUnavailableError, case, with_failure(AnswerLostError("broke off")), call)
    await raises(PartnerThrottledError, case, with_status(429), call)
    await raises(PartnerRefusedError, case, with_status(403), call)
    for body in (b"<html>maintenance", b"{}", b"[7, 8]", b"", case.receipt or b"null"):
        await raises(PartnerContractError, case, with_body(case, body), call)


async def refuses_the_statement_of_another_day(case: Case) -> None:
    """Raise `PartnerContractError` when the statement is not of the day that was asked for."""
    other = date.fromisoformat(case.expected["statement"]["day"]) + timedelta(days=1)
    answering = with_body(case, case.statement or b"")
    await raises(PartnerContractError, case, answering, fetch_statement_of(other))


STATEMENT_CHECKS: tuple[Check, ...] = (
    reads_a_recorded_statement,
    asks_for_one_day_from_a_cursor,
    says_why_there_is_no_statement,
    refuses_the_statement_of_another_day,
)


def _statement_of(case: Case) -> Call:
    return fetch_statement_of(date.fromisoformat(case.expected["statement"]["day"]))
