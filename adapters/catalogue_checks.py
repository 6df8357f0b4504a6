"""What every adapter that reads a catalogue must do."""

from collections.abc import Mapping
from typing import Any

from adapters.base import NotModified
from adapters.check_pieces import Check, NonconformingError, page_of, raises, same
from adapters.errors import (
    PartnerAccessError,
    PartnerContractError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from adapters.recorded import (
    Case,
    facing,
    fetch_knowing,
    with_body,
    with_failure,
    with_not_modified,
    with_status,
)
from adapters.transport import AnswerLostError, RequestNotSentError
from schema.model.catalogue import Offering


async def translates_its_first_page(case: Case) -> None:
    """Read the recorded answer as the records, rejections and cursor that the case tells."""
    found = await page_of(case, case.payload)
    expected = case.expected
    same("offerings", len(found.offerings), expected["offerings"])
    same("rejections", len(found.rejections), expected.get("rejections", 0), found.rejections)
    same("left_out", len(found.left_out), expected.get("left_out", 0), found.left_out)
    same("next_cursor", found.next_cursor is not None, expected.get("next_cursor", False))
    if found.offerings:
        _check_first(found.offerings[0], expected.get("first", {}))


async def speaks_for_its_partner_alone(case: Case) -> None:
    """Give every record to the partner that the settings name, under a key of its own."""
    found = await page_of(case, case.payload)
    owners = {offering.partner for offering in found.offerings}
    owners |= {each.partner for offering in found.offerings for each in offering.sessions}
    keys = [offering.key for offering in found.offerings]
    same("partners of the records", owners, {case.name} if keys else set())
    same("distinct keys", len(set(keys)), len(keys))


async def gives_the_same_records_again(case: Case) -> None:
    """Give equal records with the same ids for the same answer, from another instance too."""
    first, again = await page_of(case, case.payload), await page_of(case, case.payload)
    same("records", again.offerings, first.offerings)
    ids = [offering.id for offering in first.offerings]
    same("ids", [offering.id for offering in again.offerings], ids)


async def keeps_the_rest_when_a_row_is_bad(case: Case) -> None:
    """Reject one spoilt row with a reason, and take the others as before."""
    spoil = case.expected["bad_row"]
    good, bad = spoil["find"].encode(), spoil["replace"].encode()
    if good not in case.payload:
        raise NonconformingError(f"case {case.name}: bad_row.find is not in the payload")
    before = await page_of(case, case.payload)
    after = await page_of(case, case.payload.replace(good, bad, 1))
    same("offerings left", len(after.offerings), len(before.offerings) - 1, after.rejections)
    same("rejections", len(after.rejections), len(before.rejections) + 1, after.rejections)
    if not all(each.reason and each.raw and each.row for each in after.rejections):
        raise NonconformingError("a rejection lacks its row number, reason or raw text")


async def says_that_its_partner_is_down(case: Case) -> None:
    """Raise `PartnerUnavailableError` for 503, and for no connection."""
    await raises(PartnerUnavailableError, case, with_status(503))
    await raises(PartnerUnavailableError, case, with_failure(RequestNotSentError("refused")))
    await raises(PartnerUnavailableError, case, with_failure(AnswerLostError("broke off")))


async def says_when_to_come_back(case: Case) -> None:
    """Raise `PartnerThrottledError` for 429, with the Retry-After that the partner gave."""
    error = await raises(PartnerThrottledError, case, with_status(429, {"Retry-After": "7"}))
    same("retry_after", getattr(error, "retry_after", None), 7.0)


async def says_that_it_is_refused(case: Case) -> None:
    """Raise `PartnerAccessError` for 401 and 403, and `PartnerRefusedError` for 400."""
    await raises(PartnerAccessError, case, with_status(401))
    await raises(PartnerAccessError, case, with_status(403))
    await raises(PartnerRefusedError, case, with_status(400))


async def refuses_what_is_no_catalogue(case: Case) -> None:
    """Raise `PartnerContractError` for HTML, an empty object, a list of numbers, and nothing."""
    for body in (b"<!doctype html><title>Maintenance</title><p>Back soon", b"{}", b"[7, 8]", b""):
        await raises(PartnerContractError, case, with_body(case, body))


async def refuses_redirects(case: Case) -> None:
    """Follow no redirect: the address in the partners file is to be put right."""
    elsewhere = {"Location": "http://169.254.169.254/latest"}
    await raises(PartnerContractError, case, with_status(302, elsewhere))


async def passes_on_not_modified(case: Case) -> None:
    """Ask with the validators of the page before, and read 304 as `NotModified`."""
    known = (await page_of(case, case.payload)).validators
    if not known:
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
        same(f"the first record's {name}", found[name], value)
