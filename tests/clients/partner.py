"""A small partner of the clients' own: a short list, and a desk that waits while it is told to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

CODE = "kelas_kecil"
COURSES = 23  # no multiple of the page sizes in use, so that every walk ends on a short page
LONGEST_WAIT_SECONDS = 9  # the gateway gives a booking ten

PARTNERS_FILE = """
[[partner]]
code = "{code}"
name = "Kelas Kecil"
kind = "MARKETPLACE"
adapter = "feed"
address = "{address}"
[partner.options]
format = "json"
path = "/kelas"
key = "kode"
[partner.options.fields]
title = "judul"
institution = "lembaga"
price = "harga"
summary = "ringkasan"
duration_minutes = "menit"
[partner.options.enrolments]
path = "/enrolments"
"""


@dataclass
class Partner:
    """Where it listens; its desk books at once, or once it is open again."""

    address: str
    _is_open: Event = field(default_factory=Event)

    def open_desk(self) -> None:
        """Let all that wait at the desk be booked."""
        self._is_open.set()

    def close_desk(self) -> None:
        """Let bookings wait, until they are given up."""
        self._is_open.clear()

    def wait_for_desk(self) -> None:
        """Return once the desk is open, or at last."""
        self._is_open.wait(LONGEST_WAIT_SECONDS)

    def write_partners_file(self, folder: Path) -> Path:
        """Write the file that brings this partner in; return where it is."""
        path = folder / "partners.toml"
        path.write_text(PARTNERS_FILE.format(code=CODE, address=self.address))
        return path


@contextmanager
def running_partner() -> Iterator[Partner]:
    """Serve the partner, its desk open, on a free port."""
    server = _Server(("127.0.0.1", 0), _Desk)
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        yield server.partner
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.partner = Partner(f"http://127.0.0.1:{self.server_port}")
        self.partner.open_desk()


class _Desk(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        if self.path == "/kelas":
            self._answer(200, [_course(n) for n in range(1, COURSES + 1)])
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        booking = json.loads(self.rfile.read(length))
        self.server.partner.wait_for_desk()
        self._answer(201, _receipt(booking["reference"], "confirmed"))

    def do_DELETE(self) -> None:
        self._answer(200, _receipt(self.path.rpartition("/")[2], "cancelled"))

    def _answer(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _course(number: int) -> dict[str, Any]:
    return {
        "kode": f"KK-{number:03}",
        "judul": f"Kursus Nomor {number}",
        "lembaga": "LKP Kelas Kecil",
        "harga": 100_000 + number,
        "ringkasan": f"Tentang kursus nomor {number}.",
        "menit": 60 + number,
    }


def _receipt(reference: str, status: str) -> dict[str, Any]:
    return {"reference": reference, "status": status, "partner_reference": "KK-1"}
