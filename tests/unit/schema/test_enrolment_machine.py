"""Every pair of statuses: the ways that the programme knows, and no others."""

from itertools import product

import pytest

from schema.model.enrolment import (
    LIVE,
    SEATED,
    EnrolmentStatus,
    IllegalTransitionError,
    check_transition,
)

# Written out by hand, apart from the code: what may follow what.
KNOWN = """
REQUESTED        > RESERVED REJECTED EXPIRED CANCELLED
RESERVED         > SUBMITTING EXPIRED CANCEL_REQUESTED
SUBMITTING       > CONFIRMED PENDING_PARTNER WAITLISTED REJECTED IN_DOUBT
PENDING_PARTNER  > CONFIRMED WAITLISTED REJECTED CANCEL_REQUESTED
WAITLISTED       > RESERVED CANCELLED CANCEL_REQUESTED
IN_DOUBT         > CONFIRMED SUBMITTING COMPENSATING MANUAL_REVIEW
COMPENSATING     > REJECTED MANUAL_REVIEW
CONFIRMED        > ACTIVE EXPIRED CANCEL_REQUESTED
ACTIVE           > COMPLETED NOT_PASSED EXPIRED CANCEL_REQUESTED
CANCEL_REQUESTED > CANCELLED RESERVED PENDING_PARTNER WAITLISTED CONFIRMED ACTIVE MANUAL_REVIEW
MANUAL_REVIEW    > CONFIRMED REJECTED CANCELLED
COMPLETED        >
NOT_PASSED       >
EXPIRED          >
REJECTED         >
CANCELLED        >
"""
LEGAL = {
    (before.strip(), after)
    for before, _, onward in (line.partition(">") for line in KNOWN.strip().splitlines())
    for after in onward.split()
}
PAIRS = list(product(EnrolmentStatus, EnrolmentStatus))


@pytest.mark.parametrize(("before", "after"), PAIRS, ids=[f"{a}-{b}" for a, b in PAIRS])
def test_a_pair_of_statuses_is_legal_or_impossible(before, after):
    try:
        check_transition(before, after)
        is_legal = True
    except IllegalTransitionError:
        is_legal = False

    assert is_legal is ((before.value, after.value) in LEGAL)


def test_every_status_is_in_the_table():
    assert len(PAIRS) == 16 * 16
    assert {line.split()[0] for line in KNOWN.strip().splitlines()} == {s.value for s in LIVE} | {
        "COMPLETED", "NOT_PASSED", "EXPIRED", "REJECTED", "CANCELLED"
    }  # fmt: skip


def test_who_waits_or_has_left_takes_no_seat():
    without = set(EnrolmentStatus) - SEATED

    assert {status.value for status in without} == {
        "REQUESTED", "WAITLISTED", "REJECTED", "CANCELLED", "EXPIRED"
    }  # fmt: skip
