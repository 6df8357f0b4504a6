"""The sandbox is told to do something: partners go down and come up, faults are set and cleared."""

import asyncio

import pytest
from aiohttp import ClientConnectorError, ServerDisconnectedError

from adapters.sandbox import control
from adapters.sandbox.control import SandboxControlError
from adapters.sandbox.faults.orders import FaultOrder
from adapters.sandbox.faults.registry import fault_named
from adapters.sandbox.server import Sandbox
from schema.model.values import PartnerCode
from tests.integration.sandbox.conftest import SISNAKER, TOKOPEDIA, TWO, call, status_of

pytestmark = pytest.mark.anyio


async def test_a_partner_that_is_down_refuses_connections_and_the_others_answer(tmp_path, http):
    async with Sandbox(tmp_path, TWO) as sandbox:
        partners = sandbox.state.partners

        await call(control.take_down, tmp_path, TOKOPEDIA)

        with pytest.raises(ClientConnectorError):
            await http.get(f"{partners[TOKOPEDIA].address}/count")
        async with http.get(f"{partners[SISNAKER].address}/count") as answer:
            assert answer.status == 200


async def test_going_down_cuts_what_is_under_way(tmp_path, http, plain_facades):
    async with Sandbox(tmp_path, TWO) as sandbox:
        address = sandbox.state.partners[TOKOPEDIA].address
        waiting = asyncio.create_task(http.get(f"{address}/wait"))
        async with asyncio.timeout(10):
            await plain_facades.wait()  # the request has arrived
        await call(control.take_down, tmp_path, TOKOPEDIA)

        with pytest.raises((ServerDisconnectedError, ClientConnectorError, ConnectionResetError)):
            async with asyncio.timeout(10):
                await waiting


async def test_a_partner_comes_back_at_the_same_address_with_its_book(tmp_path, http):
    async with Sandbox(tmp_path, TWO) as sandbox:
        address = sandbox.state.partners[TOKOPEDIA].address
        async with http.post(f"{address}/book"):
            pass

        await call(control.take_down, tmp_path, TOKOPEDIA)
        await call(control.take_down, tmp_path, TOKOPEDIA)  # twice is the same
        await call(control.bring_up, tmp_path, TOKOPEDIA)
        await call(control.bring_up, tmp_path, TOKOPEDIA)

        async with http.get(f"{address}/count") as answer:
            assert answer.status == 200
        booked = await call(control.fetch_enrolments, tmp_path, TOKOPEDIA)
        assert [entry["reference"] for entry in booked] == ["R-1"]


async def test_status_tells_who_is_up(tmp_path):
    async with Sandbox(tmp_path, TWO):
        await call(control.take_down, tmp_path, SISNAKER)

        status = await call(control.fetch_status, tmp_path)

        assert {code: row["up"] for code, row in status["partners"].items()} == {
            "tokopedia": True,
            "sisnaker": False,
        }


async def test_reset_empties_the_books_and_brings_everybody_up(tmp_path, http):
    async with Sandbox(tmp_path, TWO) as sandbox:
        async with http.post(f"{sandbox.state.partners[TOKOPEDIA].address}/book"):
            pass
        await call(control.take_down, tmp_path, TOKOPEDIA)

        await call(control.reset, tmp_path)

        status = await call(control.fetch_status, tmp_path)
        assert all(row["up"] for row in status["partners"].values())
        assert all(row["enrolments"] == 0 for row in status["partners"].values())


async def test_control_wants_its_token(tmp_path, http):
    async with Sandbox(tmp_path, TWO) as sandbox:
        url = f"{sandbox.state.control}/partners/tokopedia/down"

        for headers in ({}, {"Authorization": "Bearer guessed"}):
            async with http.post(url, headers=headers) as answer:
                assert answer.status == 401

        assert sandbox.status()["partners"]["tokopedia"]["up"]


async def test_control_names_the_partners_when_one_is_unknown(tmp_path):
    async with Sandbox(tmp_path, TWO):
        with pytest.raises(SandboxControlError, match=r"'tokopedai'.*tokopedia, sisnaker"):
            await call(control.take_down, tmp_path, PartnerCode("tokopedai"))


async def test_a_fault_is_set_over_http_told_and_cleared(tmp_path, http):
    async with Sandbox(tmp_path, TWO) as sandbox:
        address = sandbox.state.partners[TOKOPEDIA].address
        order = FaultOrder(fault_named("http_503"), times=1)

        told = await call(control.set_fault, tmp_path, TOKOPEDIA, order)
        statuses = [await status_of(http, f"{address}/count") for _ in range(2)]
        after = await call(control.fetch_faults, tmp_path, TOKOPEDIA)
        await call(control.clear_faults, tmp_path, TOKOPEDIA)

        assert [(each["fault"], each["struck"]) for each in told] == [("http_503", 0)]
        assert statuses == [503, 200]
        assert [(each["seen"], each["struck"]) for each in after] == [(2, 1)]
        assert await call(control.fetch_faults, tmp_path, TOKOPEDIA) == []
        assert await status_of(http, f"{sandbox.state.partners[SISNAKER].address}/count") == 200


async def test_a_port_that_a_fault_closed_opens_again_at_reset(tmp_path, http):
    async with Sandbox(tmp_path, TWO) as sandbox:
        address = sandbox.state.partners[TOKOPEDIA].address
        await call(control.set_fault, tmp_path, TOKOPEDIA, FaultOrder(fault_named("refuse")))
        with pytest.raises(ClientConnectorError):
            await http.get(f"{address}/count")

        await call(control.reset, tmp_path)

        assert await status_of(http, f"{address}/count") == 200


async def test_a_fault_that_does_not_exist_is_refused_in_a_sentence(tmp_path, http):
    async with Sandbox(tmp_path, TWO) as sandbox:
        url = f"{sandbox.state.control}/partners/tokopedia/faults"
        headers = {"Authorization": f"Bearer {sandbox.state.control_token}"}
        for body, status, said in (
            ('{"fault": "gremlins"}', 404, "mitra sandbox faults"),
            ('{"fault": "hang", "share": 7}', 400, "share must be"),
            ("hang", 400, "JSON"),
        ):
            async with http.post(url, data=body, headers=headers) as answer:
                assert answer.status == status
                assert said in (await answer.json())["error"]
