"""When a fact is fresh, when it is stale, and what we say of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.catalogue.directory import Directory
from gateway.catalogue.freshness import freshness, health
from gateway.catalogue.store import StatusRow
from schema.model.catalogue import Freshness
from schema.model.values import FreshnessState, PartnerHealth, PartnerState
from tests.catalogue import NOON, PINTARIA, TOKOPEDIA, a_partner

CONFIG = a_partner()  # read every fifteen minutes
GOOD = StatusRow(TOKOPEDIA, 1, attempted_at=NOON, fetched_at=NOON, offerings=9, fetched=9)
FAILING = replace(
    GOOD,
    attempted_at=NOON + timedelta(minutes=18),
    failing_since=NOON + timedelta(minutes=3),
    failure="connection refused",
)
FIRST_FAILED = StatusRow(
    TOKOPEDIA, 1, attempted_at=NOON, failing_since=NOON, failure="connection refused"
)
HELD = replace(
    GOOD,
    held_run=7,
    withheld_since=NOON + timedelta(minutes=15),
    withheld_reason="would withdraw 7 of 9 offerings",
)
PAUSED = replace(CONFIG, partner=replace(CONFIG.partner, state=PartnerState.PAUSED))


@pytest.mark.parametrize(
    ("row", "minutes", "said"),
    [
        pytest.param(
            None,
            0,
            Freshness(FreshnessState.NEVER, None, "has not been read yet"),
            id="never-tried",
        ),
        pytest.param(
            FIRST_FAILED,
            1,
            Freshness(
                FreshnessState.NEVER,
                None,
                "could not be read since 2026-03-02 12:00 UTC (connection refused)",
            ),
            id="never-succeeded",
        ),
        pytest.param(GOOD, 30, Freshness(FreshnessState.FRESH, NOON), id="twice-the-interval"),
        pytest.param(
            GOOD,
            31,
            Freshness(
                FreshnessState.STALE,
                NOON,
                "was last read at 2026-03-02 12:00 UTC; every 900 seconds is due",
            ),
            id="older-than-twice-the-interval",
        ),
        pytest.param(
            HELD,
            16,
            Freshness(
                FreshnessState.STALE,
                NOON,
                "its new list is held for an operator since 2026-03-02 12:15 UTC "
                "(would withdraw 7 of 9 offerings)",
            ),
            id="held",
        ),
        pytest.param(
            replace(HELD, held_run=None, withheld_reason="rejected by an operator: …"),
            16,
            Freshness(
                FreshnessState.STALE,
                NOON,
                "its new list is not applied since 2026-03-02 12:15 UTC "
                "(rejected by an operator: …)",
            ),
            id="rejected",
        ),
        pytest.param(
            FAILING,
            18,
            Freshness(
                FreshnessState.STALE,
                NOON,
                "could not be read since 2026-03-02 12:03 UTC (connection refused)",
            ),
            id="failing",
        ),
    ],
)
def test_freshness_says_since_when_and_why(row: StatusRow | None, minutes: int, said: Freshness):
    assert freshness(CONFIG, row, NOON + timedelta(minutes=minutes)) == said


def test_a_paused_partner_says_so():
    found = freshness(PAUSED, GOOD, NOON)

    assert found == Freshness(FreshnessState.STALE, NOON, "is not read: the partner is paused")


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        pytest.param(None, PartnerHealth.UNKNOWN, id="never-tried"),
        pytest.param(GOOD, PartnerHealth.HEALTHY, id="good"),
        pytest.param(FAILING, PartnerHealth.DOWN, id="failing"),
        pytest.param(HELD, PartnerHealth.DEGRADED, id="held"),
        pytest.param(
            replace(GOOD, fetched=100, quarantined=5), PartnerHealth.HEALTHY, id="five-percent-bad"
        ),
        pytest.param(
            replace(GOOD, fetched=100, quarantined=6), PartnerHealth.DEGRADED, id="more-than-that"
        ),
        pytest.param(replace(GOOD, fetched=0), PartnerHealth.HEALTHY, id="empty-list"),
    ],
)
def test_health_follows_from_the_last_list(row: StatusRow | None, verdict: PartnerHealth):
    assert health(row) is verdict


def test_a_partner_that_is_cut_off_is_down_whatever_its_list_says():
    directory = Directory([a_partner(PINTARIA), CONFIG], [GOOD], lambda: NOON, None, {TOKOPEDIA})

    assert [each.health for each in directory.statuses()] == [
        PartnerHealth.UNKNOWN,
        PartnerHealth.DOWN,
    ]


def a_directory(*rows: StatusRow, minutes: int = 18) -> Directory:
    moment = NOON + timedelta(minutes=minutes)
    return Directory([a_partner(PINTARIA), CONFIG], rows, lambda: moment)


def test_partners_come_in_the_order_of_their_files():
    assert [each.partner.code for each in a_directory().statuses()] == [PINTARIA, TOKOPEDIA]


def test_coverage_names_who_is_missing_and_since_when():
    directory = a_directory(FAILING, replace(GOOD, partner=PINTARIA))

    [missing] = directory.coverage([]).missing

    assert missing.partner.partner.code == TOKOPEDIA
    assert missing.reason == "could not be read since 2026-03-02 12:03 UTC (connection refused)"
    assert (missing.since, missing.last_good_at) == (NOON + timedelta(minutes=3), NOON)


def test_coverage_speaks_of_the_partners_asked_for():
    directory = a_directory(FAILING, replace(GOOD, partner=PINTARIA))

    assert directory.coverage([PINTARIA]).missing == []


def test_an_unknown_partner_has_no_status_and_is_never_fresh():
    assert a_directory().status(TOKOPEDIA.__class__("nobody")) is None
    assert a_directory().freshness(TOKOPEDIA.__class__("nobody")).state is FreshnessState.NEVER


def test_a_list_that_is_not_brought_in_time_is_stale():
    pushing = a_partner(adapter="push", interval=timedelta(days=1))

    never = freshness(pushing, None, NOON)
    late = freshness(pushing, GOOD, NOON + timedelta(days=3))

    assert never.reason == "has not pushed its list yet"
    assert late.state is FreshnessState.STALE
    assert late.reason == "was last pushed at 2026-03-02 12:00 UTC; every 86400 seconds is due"
    assert freshness(pushing, GOOD, NOON + timedelta(days=2)).state is FreshnessState.FRESH


@pytest.mark.parametrize(
    ("minutes", "later"),
    [
        pytest.param(0, 30, id="the-first-to-be-too-old"),
        pytest.param(30, 30, id="at-its-last-moment"),
        pytest.param(31, 40, id="then-the-next"),
        pytest.param(41, None, id="all-are-too-old-already"),
    ],
)
def test_it_knows_when_the_next_list_will_be_too_old(minutes: int, later: int | None):
    newer = replace(GOOD, partner=PINTARIA, fetched_at=NOON + timedelta(minutes=10))
    nobodys = replace(GOOD, partner=TOKOPEDIA.__class__("nobody"))

    found = a_directory(GOOD, newer, nobodys, minutes=minutes).next_stale()

    assert found == (None if later is None else NOON + timedelta(minutes=later))


def test_a_list_becomes_too_old_while_it_is_asked_about_and_its_status_is_made_once():
    moments = [NOON]
    directory = Directory([CONFIG], [GOOD], lambda: moments[-1])

    young = directory.status(TOKOPEDIA)
    moments.append(NOON + timedelta(minutes=30))
    again = directory.status(TOKOPEDIA)
    moments.append(NOON + timedelta(minutes=30, microseconds=1))
    old = directory.status(TOKOPEDIA)

    assert young is again
    assert young is not None
    assert young.freshness.state is FreshnessState.FRESH
    assert old is not None
    assert old.freshness == freshness(CONFIG, GOOD, moments[-1])
    assert old.freshness.state is FreshnessState.STALE
