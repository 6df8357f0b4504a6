"""A short crash drill: one kill at each point, with clocks that need not wait for leases."""

from datetime import timedelta

import pytest

from gateway.enrolment.courier import LEASE
from tests.drills.conduct import Behaviour, ByLearner
from tests.drills.crashing import Round, run_rounds
from tests.drills.engines import ENGINES, opened
from tests.drills.partners import PartnersProcess
from tests.drills.points import Point
from tests.drills.station import FEW_CODES

BEHAVIOURS = list(Behaviour)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_process_killed_anywhere_leaves_nothing_that_is_not_settled(engine):
    planned = [
        Round(number, point, BEHAVIOURS[number % len(BEHAVIOURS)])
        for number, point in enumerate(Point)
    ]

    ahead = LEASE + timedelta(seconds=1)

    with opened(engine) as ground, PartnersProcess(ground.first.data_dir, ByLearner()) as partners:
        results = run_rounds(
            ground, partners, planned, lanes=4, ahead=ahead, codes=FEW_CODES, bystanders=0
        )

    assert [fault for result in results for fault in result.faults] == []
    assert {result.round.point for result in results} == set(Point)
