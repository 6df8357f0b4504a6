"""Partners report twice, late and in any order: the end is always the same."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from adapters.base import ReceiptStatus
from gateway.enrolment.hearing import Said
from gateway.enrolment.partner_reports import Applied, BadReportError, PartnerReport
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, entry
from gateway.storage.settling_tables import partner_report
from schema.model.enrolment import EnrolmentStatus
from schema.model.values import PartnerCode, Reference
from tests.integration.enrolment.builders import GRANT, PARTNER, PRICE, Programme
from tests.integration.enrolment.delivering import a_report, sent
from tests.integration.enrolment.scripted import (
    Act,
    decides_later,
    drops_the_line,
    puts_on_waiting_list,
    refuses,
)

S = EnrolmentStatus


@pytest.mark.anyio
async def test_a_report_confirms_and_captures_once_however_often_it_comes(programme: Programme):
    record = await sent(programme, decides_later)
    report = a_report(programme, record, Said.CONFIRMED, redeem_code="ABC")

    applied = [await programme.reports.apply(report) for _ in range(100)]

    assert applied == [Applied.APPLIED] + [Applied.REPEATED] * 99
    found = await programme.read(record)
    assert (found.status, found.redeem_code) == (S.CONFIRMED, "ABC")
    assert (await programme.accounts())["PARTNER"] == PRICE


@pytest.mark.anyio
async def test_parallel_repetitions_capture_once(programme: Programme):
    record = await sent(programme, decides_later)
    report = a_report(programme, record, Said.CONFIRMED)

    applied = await asyncio.gather(*(programme.reports.apply(report) for _ in range(20)))

    assert sorted(applied) == [Applied.APPLIED] + [Applied.REPEATED] * 19
    assert (await programme.accounts())["PARTNER"] == PRICE


@pytest.mark.anyio
async def test_an_older_report_changes_no_status_but_fills_gaps(programme: Programme):
    record = await sent(programme, decides_later)
    await programme.reports.apply(a_report(programme, record, Said.REDEEMED, 3))

    applied = await programme.reports.apply(
        a_report(programme, record, Said.CONFIRMED, 2, redeem_code="ABC")
    )

    found = await programme.read(record)
    assert applied is Applied.OLDER
    assert (found.status, found.redeem_code) == (S.ACTIVE, "ABC")


@pytest.mark.anyio
async def test_what_is_unknown_is_parked_until_it_is_known(programme: Programme):
    unsent = (await programme.enrol(programme.shelf.put("barista"))).enrolment
    early = await programme.reports.apply(a_report(programme, unsent, Said.CONFIRMED))
    unknown = await programme.reports.apply(
        replace(a_report(programme, unsent, Said.CONFIRMED), reference=Reference("mitra-?"))
    )
    programme.partner.acts = [drops_the_line]
    await programme.courier.deliver_due()

    await programme.timekeeper.look()

    assert early is unknown is Applied.PARKED
    assert (await programme.read(unsent)).status is S.CONFIRMED
    parked = select(func.count()).where(partner_report.c.is_parked)
    assert await programme.database.read(lambda c: c.execute(parked).scalar_one()) == 1


@pytest.mark.anyio
async def test_another_partners_reference_is_unknown_to_a_partner(programme: Programme):
    record = await sent(programme, decides_later)
    theirs = replace(a_report(programme, record, Said.CANCELLED), partner=PartnerCode("bukalapak"))

    assert await programme.reports.apply(theirs) is Applied.PARKED
    assert (await programme.read(record)).status is S.PENDING_PARTNER


@pytest.mark.anyio
async def test_a_confirmation_after_the_release_captures_nothing_and_is_taken_back(
    programme: Programme,
):
    record = await sent(programme, refuses)
    programme.partner.booked[record.reference] = replace(
        programme.partner.booked[record.reference], status=ReceiptStatus.CONFIRMED
    )
    programme.clock.advance(days=3)

    await programme.reports.apply(a_report(programme, record, Said.CONFIRMED, 2))
    noted = await programme.disagreements()
    await programme.courier.deliver_due()

    assert (await programme.read(record)).status is S.REJECTED
    assert await programme.balance() == GRANT
    assert noted == ["PARTNER_DISAGREES"]
    assert programme.partner.booked[record.reference].status is ReceiptStatus.CANCELLED
    assert await programme.disagreements() == []


@pytest.mark.anyio
async def test_a_booking_that_the_partner_will_not_take_back_is_for_a_person(programme: Programme):
    record = await sent(programme, refuses)
    programme.partner.booked[record.reference] = replace(
        programme.partner.booked[record.reference], status=ReceiptStatus.CONFIRMED
    )
    programme.partner.cancel_acts = [lambda partner, reference: partner.booked[reference]]

    await programme.reports.apply(a_report(programme, record, Said.CONFIRMED, 2))
    await programme.courier.deliver_due()

    assert await programme.disagreements() == ["PARTNER_DISAGREES"]
    assert await programme.errands() == 0
    assert await programme.balance() == GRANT


@pytest.mark.anyio
async def test_a_report_that_overtakes_the_answer_is_not_undone_by_it(programme: Programme):
    record = (await programme.enrol(programme.shelf.put("barista"))).enrolment

    async def reports_before_it_answers(code, booking):
        await programme.reports.apply(a_report(programme, record, Said.REDEEMED, 2))
        return programme.partner.book(booking)

    programme.partner.enrol = reports_before_it_answers
    await programme.courier.deliver_due()

    found = await programme.read(record)
    assert (found.status, found.redeem_code) == (S.ACTIVE, "REDEEM")
    assert (await programme.accounts())["PARTNER"] == PRICE
    assert await programme.errands() == 0


@pytest.mark.anyio
async def test_what_is_reported_while_it_is_to_be_cancelled_counts_if_it_is_kept(
    programme: Programme,
):
    record = await sent(programme)
    programme.partner.cancel_acts = [lambda partner, reference: partner.booked[reference]]
    await programme.cancel(record)
    await programme.reports.apply(a_report(programme, record, Said.REDEEMED, 2))
    undecided = (await programme.read(record)).status

    await programme.courier.deliver_due()

    assert undecided is S.CANCEL_REQUESTED
    assert (await programme.read(record)).status is S.ACTIVE


@pytest.mark.anyio
async def test_a_partner_that_cancels_a_paid_course_pays_it_back(programme: Programme):
    record = await sent(programme)

    await programme.reports.apply(a_report(programme, record, Said.CANCELLED))

    assert (await programme.read(record)).status is S.CANCELLED
    assert await programme.balance() == GRANT


@pytest.mark.anyio
@pytest.mark.parametrize(
    "wrong",
    [
        {"reference": ""},
        {"reference": "x" * 65},
        {"reference": "a\x00b"},
        {"version": -1},
        {"version": 2**63},
        {"occurred_at": None},
    ],
)
async def test_what_cannot_be_kept_is_refused(programme: Programme, wrong):
    record = await sent(programme, decides_later)
    if "occurred_at" in wrong:
        wrong = {"occurred_at": programme.clock() + timedelta(hours=1)}

    with pytest.raises(BadReportError):
        await programme.reports.apply(replace(a_report(programme, record, Said.CONFIRMED), **wrong))


# What a partner can truly say, one after the other: a refusal and a cancellation are its last
# word, and so is a result.
ONWARD = {
    None: [Said.PENDING, Said.WAITLISTED, Said.CONFIRMED, Said.REJECTED],
    Said.PENDING: [Said.PENDING, Said.WAITLISTED, Said.CONFIRMED, Said.REJECTED, Said.CANCELLED],
    Said.WAITLISTED: [Said.PENDING, Said.CONFIRMED, Said.REJECTED, Said.CANCELLED],
    Said.CONFIRMED: [Said.CONFIRMED, Said.REDEEMED, Said.CANCELLED],
    Said.REDEEMED: [Said.REDEEMED, Said.COMPLETED, Said.NOT_PASSED, Said.CANCELLED],
    Said.REJECTED: [Said.REJECTED],
    Said.CANCELLED: [Said.CANCELLED],
    Said.COMPLETED: [Said.COMPLETED],
    Said.NOT_PASSED: [Said.NOT_PASSED],
}
CODES = st.sampled_from([None, "A", "B"])


@dataclass(frozen=True)
class Story:
    """What one partner says, in its true order, and another order in which it arrives."""

    said: tuple[tuple[Said, str | None, str | None], ...]
    arrivals: tuple[int, ...]
    counts: bool  # whether the partner numbers its reports
    start: Act


@st.composite
def stories(draw) -> Story:
    said, last = [], None
    for _ in range(draw(st.integers(1, 6))):
        last = draw(st.sampled_from(ONWARD[last]))
        said.append((last, draw(CODES), draw(CODES)))
    everything = list(range(len(said)))
    extra = draw(st.lists(st.sampled_from(everything), max_size=4))
    return Story(
        tuple(said),
        tuple(draw(st.permutations(everything + extra))),
        draw(st.booleans()),
        draw(st.sampled_from([decides_later, drops_the_line, puts_on_waiting_list])),
    )


numbers = count(1)


async def end_of(programme: Programme, story: Story, arrivals) -> dict[str, object]:
    """Return where an enrolment ends, and its money, after reports that arrive so."""
    learner = f"learner-{next(numbers)}"
    record = await sent(programme, story.start, learner=learner)
    for number in arrivals:
        said, code, certificate = story.said[number]
        report = PartnerReport(
            PARTNER,
            record.reference,
            said,
            record.created_at + timedelta(seconds=number),
            number + 1 if story.counts else None,
            redeem_code=code,
            certificate_reference=certificate,
        )
        await programme.reports.apply(report)
    columns = ("status", "redeem_code", "certificate_reference", "redeemed_at", "completed_at")
    row = select(*(enrolment.c[name] for name in columns)).where(enrolment.c.id == record.id)
    money = (
        select(entry.c.account, func.sum(entry.c.amount))
        .where(entry.c.learner_id == learner)
        .group_by(entry.c.account)
        .having(func.sum(entry.c.amount) != 0)
    )
    found, sums = await programme.database.read(
        lambda c: (c.execute(row).one()._mapping, {row[0]: int(row[1]) for row in c.execute(money)})
    )
    told = {} if found["status"] in {"REJECTED", "CANCELLED"} else dict(found)
    return {"status": found["status"], **told, "money": sums}


def test_any_prefix_and_order_of_reports_leads_to_the_same_end(ledger_db: Database):
    with asyncio.Runner() as loop:
        programme = Programme(ledger_db)

        @settings(
            max_examples=60 if ledger_db.is_sqlite else 25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(story=stories(), cut=st.integers(0, 6))
        def check(story: Story, cut: int) -> None:
            everything = range(len(story.said))
            in_order = loop.run(end_of(programme, story, everything))

            mixed = loop.run(end_of(programme, story, story.arrivals))
            prefix_first = [*everything[:cut], *story.arrivals]
            resumed = loop.run(end_of(programme, story, prefix_first))

            assert mixed == in_order
            assert resumed == in_order

        check()
