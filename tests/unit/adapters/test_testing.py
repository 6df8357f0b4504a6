"""The conformance suite finds what it is there to find."""

from dataclasses import replace
from pathlib import Path

import pytest

from adapters import recorded
from adapters.base import Page, Receipt, ReceiptStatus, Statement
from adapters.catalogue_checks import (
    keeps_the_rest_when_a_row_is_bad,
    refuses_what_is_no_catalogue,
    says_that_its_partner_is_down,
    speaks_for_its_partner_alone,
    translates_its_first_page,
)
from adapters.enrolment_checks import (
    finds_nothing_where_nothing_is,
    never_guesses_about_a_lost_answer,
    sends_its_reference,
)
from adapters.errors import PartnerError, PartnerUnavailableError
from adapters.quote_checks import (
    asks_for_quotes_in_one_request,
    reads_a_recorded_quote,
    says_why_there_is_no_quote,
)
from adapters.registry import build_adapter
from adapters.statement_checks import (
    asks_for_one_day_from_a_cursor,
    reads_a_recorded_statement,
    refuses_the_statement_of_another_day,
    says_why_there_is_no_statement,
)
from adapters.testing import NonconformingError, checks_for, load_case
from schema.model.values import PartnerCode
from tests.spoilt import RepeatsItself, Wrapped

CASE = load_case(Path(__file__).parents[2] / "contract" / "payloads" / "skill_academy")
pytestmark = pytest.mark.anyio


class SwallowsErrors(Wrapped):
    async def fetch_page(self, cursor=None, known=None):
        try:
            return await super().fetch_page(cursor, known)
        except PartnerError:
            return Page()


class LosesRows(Wrapped):
    async def fetch_page(self, cursor=None, known=None):
        page = await super().fetch_page(cursor, known)
        return Page(offerings=page.offerings[:1], next_cursor=page.next_cursor)


class TakesUnsentForGranted(Wrapped):
    async def enrol(self, booking):
        try:
            return await super().enrol(booking)
        except PartnerError as exc:
            raise PartnerUnavailableError("p", "shall we try again?") from exc


class Invents(Wrapped):
    async def find(self, reference):
        return Receipt(reference, ReceiptStatus.CONFIRMED)


class ForgetsTheCursor(Wrapped):
    async def fetch_statement(self, day, cursor=None):
        return await super().fetch_statement(day)


class TakesNonsenseForAnEmptyDay(Wrapped):
    async def fetch_statement(self, day, cursor=None):
        try:
            return await super().fetch_statement(day, cursor)
        except PartnerError:
            return Statement()


class TellsTheFirstPageOnly(Wrapped):
    async def fetch_statement(self, day, cursor=None):
        return replace(await super().fetch_statement(day, cursor), next_cursor=None)


class GivesAway(Wrapped):
    async def fetch_page(self, cursor=None, known=None):
        try:
            return await super().fetch_page(cursor, known)
        except PartnerError as exc:
            exc.reason = "no answer from https://partner.test/?token=secret"
            raise


class AsksOneByOne(Wrapped):
    async def quote(self, keys):
        found = [await self.adapter.quote([each]) for each in keys]
        return [quote for each in found for quote in each]


class TellsMoreThanWasAsked(Wrapped):
    async def quote(self, keys):
        return await super().quote([*keys, "SA-000017"])


class TellsNoQuoteWhenItFails(Wrapped):
    async def quote(self, keys):
        try:
            return await super().quote(keys)
        except PartnerError:
            return []


@pytest.mark.parametrize("check", checks_for(CASE), ids=lambda check: check.__name__)
async def test_a_good_adapter_passes(check, monkeypatch):
    wrap(monkeypatch, Wrapped)

    await check(CASE)


@pytest.mark.parametrize(
    ("spoilt", "check"),
    [
        (SwallowsErrors, says_that_its_partner_is_down),
        (SwallowsErrors, refuses_what_is_no_catalogue),
        (LosesRows, translates_its_first_page),
        (LosesRows, keeps_the_rest_when_a_row_is_bad),
        (TakesUnsentForGranted, never_guesses_about_a_lost_answer),
        (RepeatsItself, sends_its_reference),
        (Invents, finds_nothing_where_nothing_is),
        (GivesAway, says_that_its_partner_is_down),
        (ForgetsTheCursor, asks_for_one_day_from_a_cursor),
        (TakesNonsenseForAnEmptyDay, says_why_there_is_no_statement),
        (TakesNonsenseForAnEmptyDay, refuses_the_statement_of_another_day),
        (AsksOneByOne, asks_for_quotes_in_one_request),
        (TellsMoreThanWasAsked, reads_a_recorded_quote),
        (TellsNoQuoteWhenItFails, says_why_there_is_no_quote),
        (TellsTheFirstPageOnly, reads_a_recorded_statement),
    ],
)
async def test_a_bad_adapter_does_not(spoilt, check, monkeypatch):
    wrap(monkeypatch, spoilt)

    with pytest.raises(NonconformingError):
        await check(CASE)


async def test_records_for_another_partner_are_found(monkeypatch):
    def build_for_another(adapter, settings, http):
        return build_adapter(adapter, replace(settings, code=PartnerCode("another")), http)

    monkeypatch.setattr(recorded, "build_adapter", build_for_another)

    with pytest.raises(NonconformingError, match="partners of the records"):
        await speaks_for_its_partner_alone(CASE)


def wrap(monkeypatch, kind):
    monkeypatch.setattr(recorded, "build_adapter", lambda *told: kind(build_adapter(*told)))
