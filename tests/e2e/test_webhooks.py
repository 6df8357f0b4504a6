"""Webhooks both ways, over real HTTP: a partner tells us, and another system is told."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.e2e.conftest import Mitra, eventually, http
from tests.e2e.enrolling import ENROL, offering_of, wait_for

PARTNER = "skill_academy"


class System:
    """Another system of the programme: keeps what it is sent, checked by the library."""

    def __init__(self) -> None:
        self.secret = ""
        self.told: list[dict[str, Any]] = []
        self.faults: list[str] = []
        system = self

        class Taker(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                try:
                    system.told.append(Webhook(system.secret).verify(body, dict(self.headers)))
                except Exception as exc:  # noqa: BLE001 - the test shows it
                    system.faults.append(repr(exc))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/mitra"

    def statuses(self, enrolment: str) -> list[str]:
        return [
            each["data"]["after"] for each in self.told if each["data"]["enrolment"] == enrolment
        ]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    running = System()
    yield running
    running.close()


def told_by(printed: str, name: str) -> str:
    told = dict(line.split("\t")[:2] for line in printed.splitlines() if "\t" in line)
    return told[name]


def send(mitra: Mitra, secret: str, reference: str, kind: str) -> dict[str, Any]:
    """Sign an event by the library and send it."""
    now, name = datetime.now(UTC), f"msg_{time.time_ns()}"
    event = {
        "type": f"enrolment.{kind}",
        "timestamp": now.isoformat(),
        "data": {"reference": reference},
    }
    body = json.dumps(event)
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, now, body),
    }
    url = f"{mitra.url}/partners/v1/webhooks/{PARTNER}"
    answer: dict[str, Any] = http.post(url, content=body, headers=headers, timeout=10).json()
    return answer


def test_what_a_partner_tells_is_recorded_and_told_on(mitra: Mitra, system: System):
    added = mitra.command("webhooks", "add", system.url)
    system.secret = told_by(added, "secret")
    secret = told_by(mitra.command("partners", "secret", "new", PARTNER), "secret")
    token = mitra.token("dewi")
    offering, session = offering_of(mitra, PARTNER, has_session=False)
    wanted = {"offeringId": offering, "sessionId": session, "idempotencyKey": "webhooks-1"}
    enrolled = mitra.ask(ENROL, token, input=wanted)["enrol"]
    assert enrolled["userErrors"] == []
    enrolment = enrolled["enrolment"]
    wait_for(mitra, enrolment["id"], token, "CONFIRMED")

    told = [send(mitra, secret, enrolment["reference"], kind) for kind in ("redeemed", "completed")]

    assert told == [{"status": "applied"}] * 2
    assert (
        send(mitra, "whsec_" + "A" * 32, enrolment["reference"], "cancelled")["code"] == "UNSIGNED"
    )
    wait_for(mitra, enrolment["id"], token, "COMPLETED")
    eventually(
        lambda: "COMPLETED" in json.dumps(system.told), what="the other system is told", seconds=15
    )
    assert system.faults == []
    [whole] = {each["data"]["enrolment"] for each in system.told}
    assert system.statuses(whole) == [
        "RESERVED", "SUBMITTING", "CONFIRMED", "ACTIVE", "COMPLETED",
    ]  # fmt: skip
    assert "dewi" not in json.dumps(system.told)
    assert told_by(added, "id") in mitra.command("webhooks", "list")


def test_the_description_is_served(mitra: Mitra):
    answer = http.get(f"{mitra.url}/partners/v1/openapi.json", timeout=10)

    assert answer.json()["openapi"] == "3.1.0"
    assert len(answer.json()["paths"]) == 12
