"""A short drill in bad weather: some enrolments while every partner fails and hangs."""

import asyncio

import pytest

from tests.drills.conduct import Weather
from tests.drills.enduring import endure
from tests.drills.engines import ENGINES, opened
from tests.drills.partners import PartnersProcess
from tests.drills.station import FEW_CODES

COUNT = 40


@pytest.mark.parametrize("engine", ENGINES)
def test_bad_weather_loses_and_doubles_nothing(engine):
    sky = Weather(failing=0.3, hanging=0.05, seed=1)

    with opened(engine) as ground, PartnersProcess(ground.first.data_dir, sky) as partners:
        course = asyncio.run(endure(ground.first, partners, COUNT, limit=90, codes=FEW_CODES))

    assert course.faults == []
    assert course.statuses == {"CONFIRMED": COUNT - 1, "REJECTED": 1}
    assert course.failed > 0.1
    assert len(course.reports) >= len(FEW_CODES)
