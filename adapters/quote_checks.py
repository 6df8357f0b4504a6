"""What every adapter that tells price and seats must do."""

import httpx

from adapters.check_pieces import Check, NonconformingError, raises, same
from adapters.errors import (
    PartnerContractError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from adapters.recorded import Case, facing, quote_of, with_body, with_failure, with_status
from adapters.transport import AnswerLostError


async def reads_a_recorded_quote(case: Case) -> None:
    """Read the recorded price and seats of the offering that was asked for, and of no other."""
    if case.quote is None:
        raise NonconformingError(f"case {case.name}: record a quote (adapters/recorded.py)")
    expected = case.expected["quote"]
    answering = with_body(case, case.quote)
    found = await facing(case, answering, quote_of(expected["offering"]))
    same("quoted offerings", [each.offering for each in found], [expected["offering"]])
    price = found[0].price.amount if found[0].price else None
    same("the quoted price", price, expected.get("price"))
    same("the quoted seats", dict(found[0].seats), expected.get("seats", {}))
    strangers = await facing(case, answering, quote_of("nobody-asked-for-this"))
    same("quotes of what was not asked for", list(strangers), [])


async def asks_for_quotes_in_one_request(case: Case) -> None:
    """Name every offering in one request that changes nothing."""
    seen: list[httpx.Request] = []

    def answering(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(403)

    await raises(PartnerRefusedError, case, answering, quote_of("K-1", "K-2"))
    same("requests", len(seen), 1)
    told = str(seen[0].url).encode() + seen[0].content
    if b"K-1" not in told or b"K-2" not in told:
        raise NonconformingError("the request does not name every offering")


async def says_why_there_is_no_quote(case: Case) -> None:
    """Tell a partner that is down, busy, or refuses from one that answers nonsense."""
    call = quote_of("K-1")
    await raises(PartnerUnavailableError, case, with_status(503), call)
    await raises(PartnerUnavailableError, case, with_failure(AnswerLostError("broke off")), call)
    await raises(PartnerThrottledError, case, with_status(429), call)
    await raises(PartnerRefusedError, case, with_status(403), call)
    for body in (b"<html>maintenance", b"{}", b"[7, 8]", b""):
        await raises(PartnerContractError, case, with_body(case, body), call)


QUOTE_CHECKS: tuple[Check, ...] = (
    reads_a_recorded_quote,
    asks_for_quotes_in_one_request,
    says_why_there_is_no_quote,
)
