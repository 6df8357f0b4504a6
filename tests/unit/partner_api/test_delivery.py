"""How one-time passwords leave: chosen by name, printed in development alone."""

import io
from datetime import UTC, datetime
from importlib.metadata import EntryPoint

import pytest

from gateway.partner_api import delivery
from gateway.partner_api.delivery import ConsoleDelivery, UnknownDeliveryError, build_delivery
from schema.model.values import LearnerId

UNTIL = datetime(2018, 1, 18, 1, 30, 22, tzinfo=UTC)
POINT = EntryPoint("console", "gateway.partner_api.delivery:ConsoleDelivery", delivery.GROUP)


def test_production_has_none_unless_one_is_chosen():
    assert build_delivery(None, is_development=False) is None
    assert isinstance(build_delivery(None, is_development=True), ConsoleDelivery)


def test_an_installed_one_is_chosen_by_its_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(delivery, "entry_points", lambda group: [POINT])

    assert isinstance(build_delivery("console", is_development=False), ConsoleDelivery)
    with pytest.raises(UnknownDeliveryError, match="installed: console"):
        build_delivery("pigeon", is_development=True)


@pytest.mark.anyio
async def test_the_console_shows_whose_and_until_when():
    stream = io.StringIO()

    await ConsoleDelivery(stream).deliver(LearnerId("siti"), "012345", UNTIL)

    told = "one-time password of learner siti: 012345 (until 01:30:22 UTC)\n"
    assert stream.getvalue() == told
