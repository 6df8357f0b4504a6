"""The running sandbox over real sockets: addresses, secrets, down and up, restarts."""

import asyncio
import importlib
import json
import socket
from collections.abc import Callable
from http.client import HTTPConnection
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientConnectorError, ClientSession, ServerDisconnectedError, web

from adapters.sandbox import control, server
from adapters.sandbox.control import SandboxControlError
from adapters.sandbox.faults.orders import FaultOrder
from adapters.sandbox.faults.registry import fault_named
from adapters.sandbox.secrets import SANDBOX_PARTNERS, SECRET_NAMES
from adapters.sandbox.server import Sandbox, SandboxOptions, run_sandbox
from adapters.sandbox.state import STATE_FILE, read_state
from schema.model.values import PartnerCode

pytestmark = pytest.mark.anyio
TOKOPEDIA, SISNAKER = PartnerCode("tokopedia"), PartnerCode("sisnaker")
TWO = SandboxOptions(partners=(TOKOPEDIA, SISNAKER))


@pytest.fixture(autouse=True)
def plain_facades(monkeypatch):
    """Let every partner tell its number of offerings, book on request, or never answer.

    Gives the event that is set when a request has begun to wait.
    """
    arrived = asyncio.Event()

    def build_routes(shop):
        async def count(_):
            return web.json_response({"offerings": len(shop.offerings)})

        async def book_something(_):
            row = next(row for row in shop.offerings if row.bookable and not row.sessions)
            receipt, _is_new = shop.book.place("R-1", row.key, None, "L-1", row.price)
            return web.json_response(receipt)

        async def wait_for_ever(_):
            arrived.set()
            await asyncio.Event().wait()

        return [
            web.get("/count", count),
            web.post("/book", book_something),
            web.get("/wait", wait_for_ever),
        ]

    facade = SimpleNamespace(build_routes=build_routes)
    monkeypatch.setattr(server, "import_module", lambda _: facade)
    return arrived


@pytest.fixture
async def http():
    async with ClientSession() as session:
        yield session


async def call(function: Callable[..., object], *args: object) -> object:
    """Call the control client from a thread: it blocks, and the sandbox is in this loop."""
    return await asyncio.to_thread(function, *args)


async def test_every_partner_listens_at_its_own_address(tmp_path, http):
    async with Sandbox(tmp_path) as sandbox:
        addresses = {code: partner.address for code, partner in sandbox.state.partners.items()}
        counts = {}
        for code, address in addresses.items():
            async with http.get(f"{address}/count") as answer:
                counts[code] = (await answer.json())["offerings"]

        assert set(addresses) == set(SANDBOX_PARTNERS)
        assert len(set(addresses.values())) == 10
        assert sum(counts.values()) > 1_500
        assert read_state(tmp_path) == sandbox.state


async def test_sandbox_json_has_every_secret_and_is_the_owner_s_alone(tmp_path):
    async with Sandbox(tmp_path):
        path = tmp_path / STATE_FILE
        document = json.loads(path.read_text())

    assert path.stat().st_mode & 0o777 == 0o600
    for code, names in SECRET_NAMES.items():
        assert set(document["partners"][code]["secrets"]) == set(names)


async def test_addresses_secrets_and_enrolments_survive_a_restart(tmp_path, http):
    async with Sandbox(tmp_path, TWO) as first:
        async with http.post(f"{first.state.partners[TOKOPEDIA].address}/book") as answer:
            assert answer.status == 200
        before = first.state

    async with Sandbox(tmp_path, TWO) as second:
        assert second.state == before
        assert [entry.reference for entry in second.entries(TOKOPEDIA)] == ["R-1"]


async def test_a_port_that_was_taken_meanwhile_is_replaced(tmp_path, http):
    async with Sandbox(tmp_path, TWO) as first:
        before = first.state
    taken = urlsplit(before.partners[TOKOPEDIA].address).port

    with socket.create_server(("127.0.0.1", taken)):
        async with Sandbox(tmp_path, TWO) as second:
            address = second.state.partners[TOKOPEDIA].address
            async with http.get(f"{address}/count") as answer:
                assert answer.status == 200

    assert address != before.partners[TOKOPEDIA].address
    assert second.state.partners[SISNAKER] == before.partners[SISNAKER]


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


async def test_a_sandbox_that_has_ended_is_said_not_to_run(tmp_path):
    async with Sandbox(tmp_path, TWO):
        pass

    with pytest.raises(SandboxControlError, match="start it with `mitra sandbox run`"):
        await call(control.fetch_status, tmp_path)


async def test_a_second_sandbox_in_the_same_directory_is_refused(tmp_path):
    async with Sandbox(tmp_path, TWO) as first:
        with pytest.raises(SandboxControlError, match="already running"):
            async with Sandbox(tmp_path, TWO):
                pass

        assert read_state(tmp_path) == first.state


async def test_a_start_that_fails_leaves_no_port_open(tmp_path, monkeypatch):
    opened = []
    original = server.Listener.open

    async def fail_at_the_second(listener):
        if opened:
            raise OSError("no more ports")
        await original(listener)
        opened.append(listener)

    monkeypatch.setattr(server.Listener, "open", fail_at_the_second)

    with pytest.raises(OSError, match="no more ports"):
        async with Sandbox(tmp_path, TWO):
            pass

    assert not opened[0].is_up
    assert read_state(tmp_path) is None


async def test_addresses_carry_the_advertised_host(tmp_path):
    options = SandboxOptions(host="127.0.0.1", advertise="sandbox", partners=(TOKOPEDIA,))

    async with Sandbox(tmp_path, options) as sandbox:
        hosts = {urlsplit(partner.address).hostname for partner in sandbox.state.partners.values()}

    assert hosts == {"sandbox"}


async def test_it_runs_until_it_is_told_to_stop(tmp_path):
    stop, ready = asyncio.Event(), asyncio.Event()
    states = []

    def on_ready(state):
        states.append(state)
        ready.set()

    running = asyncio.create_task(run_sandbox(tmp_path, TWO, stop=stop, on_ready=on_ready))
    await ready.wait()
    control_port = HTTPConnection(urlsplit(states[0].control).netloc, timeout=5)
    await call(control_port.connect)
    control_port.close()
    stop.set()
    await running

    with pytest.raises(ConnectionRefusedError):
        await call(control_port.connect)


@pytest.mark.parametrize("code", SANDBOX_PARTNERS)
def test_every_partner_has_a_facade(code):
    facade = importlib.import_module(f"adapters.sandbox.facades.{code}")

    assert callable(facade.build_routes)


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


async def status_of(http: ClientSession, url: str) -> int:
    async with http.get(url) as answer:
        return answer.status
