"""`mitra drill seats` in small: processes that race for the last seats of one session."""

from collections import Counter

import pytest
from sqlalchemy import update

from gateway.drills import seats
from gateway.drills.seats import Rush, run_rushes
from gateway.storage.engine import Database
from gateway.storage.settling_tables import quota

SMALL = Rush(attempts=240, seats=20, processes=2)


def url_of(ledger: Database) -> str:
    return ledger.engine.url.render_as_string(hide_password=False)


@pytest.mark.parametrize("waiting", [0, 15])
def test_every_seat_is_given_once_and_everybody_else_is_told(ledger_db: Database, waiting: int):
    rush = Rush(SMALL.attempts, SMALL.seats, waiting, SMALL.processes)
    told: list[int] = []

    results = run_rushes(url_of(ledger_db), rush, [1, 2], lambda result: told.append(result.seed))

    full = SMALL.attempts - SMALL.seats - waiting
    expected = +Counter({"RESERVED": SMALL.seats, "WAITLISTED": waiting, "COURSE_FULL": full})
    assert [result.answers for result in results] == [expected, expected]
    assert [fault for result in results for fault in result.faults] == []
    assert told == [1, 2]


def test_a_seat_given_twice_is_a_fault(ledger_db: Database, monkeypatch: pytest.MonkeyPatch):
    def look_again(connection, offering):
        connection.execute(update(quota).values(taken=quota.c.taken + 1))
        return read(connection, offering)

    read = seats._read_standing
    monkeypatch.setattr(seats, "_read_standing", look_again)
    monkeypatch.setattr(Database, "read", Database.write)

    [result] = run_rushes(url_of(ledger_db), Rush(40, 5, 0, 1), [1], lambda _: None)

    assert result.faults == ["seats counted: 6, not 5"]
