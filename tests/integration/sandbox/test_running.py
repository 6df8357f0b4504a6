"""The running sandbox over real sockets: addresses, secrets, restarts, its beginning and end."""

import asyncio
import importlib
import json
import socket
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from adapters.sandbox import control, server
from adapters.sandbox.control import SandboxControlError
from adapters.sandbox.secrets import SANDBOX_PARTNERS, SECRET_NAMES
from adapters.sandbox.server import Sandbox, SandboxOptions, run_sandbox
from adapters.sandbox.state import STATE_FILE, read_state
from tests.integration.sandbox.conftest import SISNAKER, TOKOPEDIA, TWO, call

pytestmark = pytest.mark.anyio


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
