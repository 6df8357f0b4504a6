"""What a sandbox partner does with enrolments, one rule each."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sandbox.book import EnrolmentBook
from schema.model.values import DeliveryMode, PartnerCode
from tests.shelves import a_session, an_offering

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PARTNER = PartnerCode("pasar_kelas")
SESSION = a_session(
    starts_at=NOW + timedelta(days=10),
    ends_at=NOW + timedelta(days=11),
    enrolment_ends_at=NOW + timedelta(days=7),
    seats_left=2,
)
ONLINE = an_offering("O-1", price=350_000)
ONSITE = replace(ONLINE, key="O-2", delivery_mode=DeliveryMode.ONSITE, sessions=(SESSION,))


def a_book(*offerings, now=NOW, journal=None):
    shelf = offerings or (ONLINE, ONSITE)
    return EnrolmentBook(PARTNER, shelf, now=lambda: now, journal=journal)


def place(book, reference="R-1", offering="O-1", session=None, learner="L-1"):
    return book.place(reference, offering, session, learner, 350_000)


def test_the_first_request_is_confirmed_with_a_partner_reference():
    receipt, is_new = place(a_book())

    assert is_new
    assert receipt["reference"] == "R-1"
    assert receipt["status"] == "confirmed"
    assert receipt["reason"] is None
    assert receipt["partner_reference"] == "PASAR_KELAS-000001"
    assert receipt["redeem_code"] in receipt["access_url"]


def test_the_same_reference_again_answers_the_same_receipt_and_books_nothing():
    book = a_book()
    first, _ = place(book)

    second, is_new = place(book)

    assert not is_new
    assert second == first
    assert len(book.entries()) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"offering": "O-2", "session": "S-1"}, id="offering"),
        pytest.param({"learner": "L-2"}, id="learner"),
    ],
)
def test_a_reference_used_for_something_else_is_refused_and_keeps_its_receipt(other):
    book = a_book()
    first, _ = place(book)

    receipt, is_new = place(book, **other)

    assert (receipt["status"], receipt["reason"]) == ("rejected", "REFERENCE_REUSED")
    assert not is_new
    assert book.find("R-1") == first


@pytest.mark.parametrize(
    ("offering", "session", "now", "reason"),
    [
        pytest.param(None, None, NOW, "UNKNOWN_OFFERING", id="unknown-offering"),
        pytest.param(replace(ONLINE, bookable=False), None, NOW, "NOT_BOOKABLE", id="link-only"),
        pytest.param(replace(ONLINE, archived=True), None, NOW, "CLOSED", id="archived"),
        pytest.param(ONSITE, None, NOW, "SESSION_REQUIRED", id="which-session"),
        pytest.param(ONSITE, "S-9", NOW, "UNKNOWN_SESSION", id="unknown-session"),
        pytest.param(ONLINE, "S-1", NOW, "UNKNOWN_SESSION", id="no-sessions-at-all"),
        pytest.param(ONSITE, "S-1", SESSION.enrolment_ends_at, "CLOSED", id="closes-this-instant"),
        pytest.param(
            replace(ONSITE, sessions=(replace(SESSION, seats_left=0),)),
            "S-1",
            NOW,
            "FULL",
            id="full",
        ),
    ],
)
def test_what_cannot_be_booked_is_rejected_with_a_reason(offering, session, now, reason):
    book = a_book(*([offering] if offering else []), now=now)

    receipt, is_new = place(book, offering=offering.key if offering else "O-9", session=session)

    assert is_new
    assert (receipt["status"], receipt["reason"]) == ("rejected", reason)
    assert receipt["partner_reference"] is None
    assert book.find("R-1") == receipt


def test_a_session_is_open_until_the_instant_it_closes():
    book = a_book(now=SESSION.enrolment_ends_at - timedelta(seconds=1))

    receipt, _ = place(book, offering="O-2", session="S-1")

    assert receipt["status"] == "confirmed"


def test_the_last_seat_goes_once():
    book = a_book()

    answers = [place(book, f"R-{n}", "O-2", "S-1", f"L-{n}")[0]["status"] for n in range(3)]

    assert answers == ["confirmed", "confirmed", "rejected"]
    assert book.seats_left("O-2", SESSION) == 0


def test_a_cancelled_seat_can_be_booked_again():
    book = a_book()
    for number in range(2):
        place(book, f"R-{number}", "O-2", "S-1")

    book.cancel("R-0")
    receipt, _ = place(book, "R-2", "O-2", "S-1")

    assert receipt["status"] == "confirmed"


def test_cancelling_answers_the_cancelled_receipt_however_often():
    book = a_book()
    placed, _ = place(book)

    first, second = book.cancel("R-1"), book.cancel("R-1")

    assert first == second == {**placed, "status": "cancelled"}
    assert book.find("R-1") == first


def test_a_cancelled_reference_never_books_again():
    book = a_book()
    place(book)
    book.cancel("R-1")

    receipt, is_new = place(book)

    assert (receipt["status"], is_new) == ("cancelled", False)


def test_a_rejected_booking_stays_rejected_when_cancelled():
    book = a_book()
    rejected, _ = place(book, offering="O-9")

    assert book.cancel("R-1") == rejected


def test_an_unknown_reference_is_neither_found_nor_cancelled():
    book = a_book()

    assert book.find("R-1") is None
    assert book.cancel("R-1") is None


def test_a_receipt_in_a_caller_s_hands_cannot_change_the_book():
    book = a_book()
    receipt, _ = place(book)

    receipt["status"] = "cancelled"

    assert book.find("R-1")["status"] == "confirmed"


def test_what_was_booked_survives_a_restart(tmp_path):
    journal = tmp_path / "book.jsonl"
    before = a_book(journal=journal)
    place(before, "R-1", "O-2", "S-1")
    place(before, "R-2", "O-2", "S-1")
    before.cancel("R-1")

    after = a_book(journal=journal)

    assert after.entries() == before.entries()
    assert after.seats_left("O-2", SESSION) == 1
    assert journal.stat().st_mode & 0o777 == 0o600


def test_a_line_torn_by_a_crash_costs_neither_the_lines_before_nor_after(tmp_path):
    journal = tmp_path / "book.jsonl"
    place(a_book(journal=journal), "R-1")
    with journal.open("a") as file:
        file.write('{"reference": "R-2", "offer')

    place(a_book(journal=journal), "R-3")
    book = a_book(journal=journal)

    assert [entry.reference for entry in book.entries()] == ["R-1", "R-3"]


def test_clearing_forgets_everything_and_for_good(tmp_path):
    journal = tmp_path / "book.jsonl"
    book = a_book(journal=journal)
    place(book, offering="O-2", session="S-1")

    book.clear()

    assert book.entries() == ()
    assert book.seats_left("O-2", SESSION) == 2
    assert a_book(journal=journal).entries() == ()


def test_the_journal_holds_no_more_of_the_learner_than_the_opaque_reference(tmp_path):
    journal = tmp_path / "book.jsonl"
    place(a_book(journal=journal))

    line = json.loads(journal.read_text())

    asked = {"reference", "offering", "session", "learner", "price"}
    assert set(line) == {*asked, "receipt", "booked_on"}


@given(
    st.lists(
        st.tuples(st.sampled_from(["place", "cancel"]), st.integers(min_value=0, max_value=5)),
        max_size=40,
    )
)
def test_no_sequence_of_requests_sells_a_seat_twice(requests):
    book = a_book()

    for what, number in requests:
        if what == "place":
            place(book, f"R-{number}", "O-2", "S-1", f"L-{number}")
        else:
            book.cancel(f"R-{number}")
        statuses = Counter(entry.receipt["status"] for entry in book.entries())

        assert statuses["confirmed"] <= SESSION.seats_left
        assert book.seats_left("O-2", SESSION) == SESSION.seats_left - statuses["confirmed"]


def test_a_statement_lists_a_day_of_jakarta_with_what_became_of_each_booking():
    late = NOW.replace(hour=16, minute=59)  # 23:59 in Jakarta
    times = iter([late, late, late + timedelta(minutes=1), late])
    book = EnrolmentBook(PARTNER, (ONLINE, ONSITE), now=lambda: next(times))
    place(book, "R-1")
    place(book, "R-refused", offering="O-2")
    place(book, "R-2")
    place(book, "R-3")
    book.cancel("R-1")

    today = book.statement("2026-11-24", None)
    tomorrow = book.statement("2026-11-25", None)

    assert [(line["reference"], line["status"]) for line in today["lines"]] == [
        ("R-1", "cancelled"),
        ("R-3", "confirmed"),
    ]
    assert [line["reference"] for line in tomorrow["lines"]] == ["R-2"]
    assert today["next_cursor"] is None


@pytest.mark.parametrize(("day", "cursor"), [("", None), ("yesterday", None), ("2026-11-24", "x")])
def test_a_statement_of_no_day_or_from_nowhere_is_refused(day, cursor):
    with pytest.raises(ValueError, match=r"."):
        a_book().statement(day, cursor)
