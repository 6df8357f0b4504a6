"""The sandbox's catalogue of one day; nobody changes it."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from adapters.sandbox.generator import generate

TODAY = date(2026, 11, 24)
JAKARTA = ZoneInfo("Asia/Jakarta")


@pytest.fixture(scope="session")
def world():
    return generate(today=TODAY)


@pytest.fixture(scope="session")
def on_sale(world):
    """Every (partner, offering) that is sold."""
    return [(code, row) for code, shelf in world.items() for row in shelf if not row.archived]


@pytest.fixture(scope="session")
def courses(on_sale):
    """One offering of every distinct course."""
    return list({row.course: row for _, row in on_sale}.values())
