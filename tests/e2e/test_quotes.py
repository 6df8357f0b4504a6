"""Live quotes, as a client of the whole product sees them."""

import time

import pytest

from tests.e2e.conftest import Mitra, eventually, http
from tests.e2e.enrolling import ENROL, offering_of, wait_for

QUOTE = """query ($id: ID!) {
  node(id: $id) { ... on Offering {
    price { amount } freshness { fetchedAt }
    quote { price { amount currency } seatsLeft asOf freshness }
  } }
}"""
MANY = """{ courses(first: 50) { nodes { offerings { partner { code } quote { freshness } } } } }"""


def quote_of(mitra: Mitra, offering: str) -> dict:
    quote: dict = mitra.ask(QUOTE, id=offering)["node"]["quote"]
    return quote


@pytest.mark.parametrize("partner", ["skill_academy", "tokopedia", "sekolahmu", "sisnaker"])
def test_partners_of_different_kinds_tell_price_and_seats_now(mitra: Mitra, partner: str):
    offering, _ = offering_of(mitra, partner, has_session=True)

    found = mitra.ask(QUOTE, id=offering)["node"]

    assert found["quote"]["freshness"] in {"LIVE", "FRESH"}
    assert found["quote"]["price"] == {**found["price"], "currency": "IDR"}
    assert found["quote"]["seatsLeft"] > 0
    assert found["quote"]["asOf"] > found["freshness"]["fetchedAt"]


def test_a_partner_without_quotes_is_as_it_is_listed(mitra: Mitra):
    offering, _ = offering_of(mitra, "bukalapak", has_session=True)

    found = mitra.ask(QUOTE, id=offering)["node"]

    assert found["quote"]["freshness"] == "STALE"
    assert found["quote"]["asOf"] == found["freshness"]["fetchedAt"]
    assert found["quote"]["price"]["amount"] == found["price"]["amount"]


def test_seats_really_go_down_and_nobody_is_shown_a_stored_answer(mitra: Mitra):
    offering, session = offering_of(mitra, "sekolahmu", has_session=True)
    before = quote_of(mitra, offering)
    wish = {"offeringId": offering, "sessionId": session, "idempotencyKey": "quoted-1"}
    token = mitra.token("dewi")

    price = before["price"]["amount"]
    shown = mitra.ask(ENROL, token, input={**wish, "expectedPrice": price})["enrol"]
    wait_for(mitra, shown["enrolment"]["id"], token, "CONFIRMED")

    eventually(
        lambda: quote_of(mitra, offering)["seatsLeft"] == before["seatsLeft"] - 1,
        what="the quote has one seat less",
        seconds=12,
    )


def test_a_price_that_was_not_shown_is_refused(mitra: Mitra):
    offering, session = offering_of(mitra, "skill_academy", has_session=True)
    price = quote_of(mitra, offering)["price"]["amount"]
    wish = {"offeringId": offering, "sessionId": session, "idempotencyKey": "quoted-2"}

    answer = mitra.ask(ENROL, mitra.token("eko"), input={**wish, "expectedPrice": price - 1})

    assert [error["code"] for error in answer["enrol"]["userErrors"]] == ["PRICE_CHANGED"]


def test_a_request_gets_only_so_many_quotes(mitra: Mitra):
    answer = http.post(f"{mitra.url}/graphql", json={"query": MANY}, timeout=10).json()

    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    quotes = [o["quote"] for c in answer["data"]["courses"]["nodes"] for o in c["offerings"]]
    assert len([quote for quote in quotes if quote]) == 20
    assert len(quotes) > 20


def test_a_partner_that_is_gone_costs_little_and_leaves_its_last_quote(mitra: Mitra):
    offering, session = offering_of(mitra, "skill_academy", has_session=True)
    price = quote_of(mitra, offering)["price"]["amount"]
    mitra.command("sandbox", "down", "skill_academy")
    try:
        eventually(
            lambda: quote_of(mitra, offering)["freshness"] == "STALE",
            what="the quote is the last that is known",
            seconds=10,
        )
        started = time.monotonic()
        late = quote_of(mitra, offering)
        wish = {"offeringId": offering, "sessionId": session, "idempotencyKey": "quoted-3"}
        enrolled = mitra.ask(ENROL, mitra.token("fitri"), input={**wish, "expectedPrice": price})
        took = time.monotonic() - started
    finally:
        mitra.command("sandbox", "up", "skill_academy")

    assert late["price"]["amount"] == price
    assert enrolled["enrol"]["userErrors"] == []
    assert took < 4
