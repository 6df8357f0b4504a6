"""A pushed list over a real connection, which is cut."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from typer.testing import CliRunner

from gateway.cli import app
from gateway.push.endpoint import PATH
from gateway.push.uploads import BATCH_ROWS
from tests.fuzz.partners import PARTNERS, Signer, served
from tests.integration.push.partners import a_list, a_row, whole


def query(session: str, **more: object) -> str:
    return "&".join([f"session={session}", *(f"{name}={told}" for name, told in more.items())])


def ask(address: str, signer: Signer, method: str, wanted: str, body: bytes = b"") -> str:
    """Ask, again while another upload is under way: until its line is known to have dropped."""
    url, ends = f"{address}{PATH}?{wanted}", time.monotonic() + 30
    while True:
        response = requests.request(method, url, data=body, auth=signer, timeout=30)
        if response.status_code != 409 or response.json()["code"] != "BUSY":
            assert response.status_code == 200, response.text
            return response.text
        assert time.monotonic() < ends, "it stays busy"
        time.sleep(0.1)


@contextmanager
def half_sent(address: str, signer: Signer, wanted: str, body: bytes) -> Iterator[None]:
    """Announce more than `body`, send it, and hang up at the end of the block."""
    request = requests.Request("POST", f"{address}{PATH}?{wanted}", data=body, auth=signer)
    prepared = request.prepare()
    prepared.headers.update({"Content-Length": str(10**6), "Host": "mitra.test"})
    head = "".join(f"{name}: {value}\r\n" for name, value in prepared.headers.items())
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port)) as line:
        line.sendall(f"POST {PATH}?{wanted} HTTP/1.1\r\n{head}\r\n".encode() + body)
        yield


def wait_for(address: str, signer: Signer, wanted: str, stored: int) -> dict[str, Any]:
    """Return the session's state once so many rows are stored."""
    ends_at = time.monotonic() + 20
    while True:
        response = requests.get(f"{address}{PATH}?{wanted}", auth=signer, timeout=30)
        state: dict[str, Any] = response.json()
        if state.get("stored") == stored or time.monotonic() > ends_at:
            return state
        time.sleep(0.05)


def wait_for_offerings(address: str, count: int) -> dict[str, Any]:
    """Return how the partner is shown once it has so many offerings."""
    question = '{ partner(code: "toko") { offeringCount freshness { state } } }'
    ends_at = time.monotonic() + 20
    while True:
        answer = requests.post(f"{address}/graphql", json={"query": question}, timeout=30)
        shown: dict[str, Any] = answer.json()["data"]["partner"]
        if shown["offeringCount"] == count or time.monotonic() > ends_at:
            return shown
        time.sleep(0.05)


@pytest.mark.timeout(120)
def test_an_upload_whose_line_drops_goes_on_and_is_applied():
    rows = [a_row(number) for number in range(300)]
    with served() as (address, signer):
        begun = a_list(*rows[:210]) + b'{"key": "K-2'
        with half_sent(address, signer, query("a"), begun):
            wait_for(address, signer, query("a"), BATCH_ROWS)
            time.sleep(0.3)  # until the rest has been read, which waits for more
        state = wait_for(address, signer, query("a"), 210)

        assert (state["state"], state["stored"]) == ("open", 210)
        rest = a_list(*rows[210:], end=300)
        told = ask(address, signer, "POST", query("a", **{"from": 210}), rest).splitlines()

        assert json.loads(told[0]) == {"row": 211, "key": "K-210", "status": "accepted"}
        assert json.loads(told[-1])["added"] == 300
        again = ask(address, signer, "POST", query("b", mode="delta"), whole([a_row(300)]))
        assert json.loads(again.splitlines()[-1])["unchanged"] == 300
        shown = wait_for_offerings(address, 301)

    assert shown == {"offeringCount": 301, "freshness": {"state": "FRESH"}}


def test_there_is_nothing_to_check_at_who_pushes(tmp_path: Path, monkeypatch):
    file = tmp_path / "partners.toml"
    file.write_text(PARTNERS)
    monkeypatch.setenv("MITRA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MITRA_PARTNERS", str(file))

    result = CliRunner().invoke(app, ["check", "toko"])

    assert result.exit_code != 0
    assert "brings its list itself" in " ".join(result.output.replace("│", " ").split())
