"""Until when the public catalogue says that a session can be bought."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.enrolment.last_purchase import LastPurchase
from gateway.enrolment.rules.book import RuleBook, built_in_rules
from schema.model.catalogue import ListedCourse, Offering, Session
from schema.model.values import DeliveryMode, EnrolmentMode, PartnerCode, RemoteId

MAKASSAR = ZoneInfo("Asia/Makassar")
TOKOPEDIA = PartnerCode("tokopedia")
ONLINE, ONSITE = DeliveryMode.LIVE_ONLINE, DeliveryMode.ONSITE
RULES = built_in_rules().find("2024", date(2024, 6, 1))
STARTS = datetime(2024, 3, 9, 8, 30, tzinfo=MAKASSAR)


def sold(mode: DeliveryMode = ONLINE, how: EnrolmentMode = EnrolmentMode.DIRECT) -> Offering:
    listed = ListedCourse(title="Barista", institution="Lembaga Kopi")
    return Offering(TOKOPEDIA, RemoteId("1"), listed, delivery_mode=mode, enrolment_mode=how)


def a_session(starts_at: datetime | None = STARTS) -> Session:
    return Session(TOKOPEDIA, RemoteId("1"), starts_at=starts_at)


def patient(scheme: str, days: int):
    purchase = replace(RULES.purchase, days_before_online=days)
    return replace(RULES, scheme=scheme, purchase=purchase)


@pytest.mark.parametrize(
    ("offering", "session", "ends_at"),
    [
        pytest.param(
            sold(ONLINE), a_session(), datetime(2024, 3, 9, tzinfo=MAKASSAR), id="a-day-online"
        ),
        pytest.param(
            sold(ONSITE), a_session(), datetime(2024, 3, 7, tzinfo=MAKASSAR), id="three-on-site"
        ),
        pytest.param(sold(), a_session(None), None, id="start-untold"),
        pytest.param(sold(how=EnrolmentMode.LINK), a_session(), None, id="not-sold-by-us"),
        pytest.param(
            sold(how=EnrolmentMode.PARTNER_SITE),
            a_session(),
            datetime(2024, 3, 9, tzinfo=MAKASSAR),
            id="sold-by-the-partner-for-us",
        ),
    ],
)
def test_a_sale_ends_days_before_the_start_where_the_session_is_held(offering, session, ends_at):
    ends = LastPurchase(built_in_rules())(offering, session)

    assert ends == ends_at


def test_the_scheme_that_sells_longest_decides():
    rules = RuleBook([patient("strict", 5), patient("lenient", 0), patient("middling", 2)])

    assert LastPurchase(rules)(sold(), a_session()) == datetime(2024, 3, 10, tzinfo=MAKASSAR)


def test_without_any_rules_no_sale_ends():
    assert LastPurchase(RuleBook([]))(sold(), a_session()) is None
