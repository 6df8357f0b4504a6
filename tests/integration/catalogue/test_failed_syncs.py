"""A sync that fails, or finds too little, leaves the catalogue as it was and says so."""

from datetime import timedelta

import pytest

from adapters.errors import PartnerUnavailableError
from tests.catalogue import TOKOPEDIA, ScriptedPartner, offerings
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio


async def test_a_failure_keeps_the_catalogue_and_says_since_when(bench: Workbench):
    partner = ScriptedPartner(offerings(2), offerings(2, start=3))
    await bench.sync(partner)
    good = bench.clock.moment
    partner.lists([], offerings(1))
    for _ in range(2):
        partner.fails_once(PartnerUnavailableError(TOKOPEDIA, "connection refused"), at="1")

    first = await bench.sync(partner)
    since = bench.clock.moment
    await bench.sync(partner)

    assert first.failure == "connection refused"
    assert len(await bench.live_titles()) == 4
    status = await bench.status()
    assert (status.failure, status.failing_since) == ("connection refused", since)
    assert status.fetched_at == good
    assert status.attempted_at == since + timedelta(minutes=1)


async def test_a_success_ends_the_failure(bench: Workbench):
    partner = ScriptedPartner(offerings(2))
    partner.fails_once(PartnerUnavailableError(TOKOPEDIA, "connection refused"))
    await bench.sync(partner)

    await bench.sync(partner)

    status = await bench.status()
    assert (status.failure, status.failing_since) == (None, None)


async def test_every_attempt_raises_the_partners_epoch(bench: Workbench):
    partner = ScriptedPartner(offerings(2))
    epochs = []
    for _ in range(3):
        await bench.sync(partner)
        epochs.append((await bench.status()).epoch)

    assert epochs == [1, 2, 3]


async def test_an_adapters_fault_is_recorded_and_raised(bench: Workbench):
    partner = ScriptedPartner(offerings(2))
    partner.fails_once(KeyError("title"))

    with pytest.raises(KeyError):
        await bench.sync(partner)

    assert (await bench.status()).failure == "internal error (KeyError)"


@pytest.mark.parametrize("left", [0, 7])
async def test_a_list_that_lost_too_much_is_withheld(bench: Workbench, left: int):
    partner = ScriptedPartner(offerings(10))
    await bench.sync(partner)
    partner.lists(offerings(left))

    done = await bench.sync(partner)

    assert done.failure is None
    assert done.withheld == f"would withdraw {10 - left} of 10 offerings"
    assert len(await bench.live_titles()) == 10


async def test_an_operator_may_accept_a_list_that_lost_too_much(bench: Workbench):
    partner = ScriptedPartner(offerings(10))
    await bench.sync(partner)
    partner.lists(offerings(1))

    done = await bench.sync(partner, accept_alarm=True)

    assert (done.withdrawn, done.withheld) == (9, None)
