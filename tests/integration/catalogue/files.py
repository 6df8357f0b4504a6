"""A server of JSON files that knows what its clients know: ETags and 304."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import sha256

import pytest
from aiohttp import web

COURSES = {
    "format": "json",
    "fields": {"institution": {"constant": "Balai Latihan Kerja"}},
    "sources": [
        {
            "name": "courses",
            "path": "/courses.json",
            "key": "id",
            "join": [{"source": "runs", "on": "id"}],
            "fields": {"title": "title", "price": {"from": "runs.0.price", "currency": "IDR"}},
        },
        {"name": "runs", "path": "/runs.json", "sessions": {"of": "id", "key": "run"}},
    ],
}
"""Options of a feed that reads the files: courses, and their runs joined by id."""


@dataclass
class FileServer:
    """Files by name; `asked` are the names that were asked for, with the status answered."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def write(self, name: str, rows: list[dict[str, object]]) -> None:
        self.files[name] = json.dumps(rows).encode()

    async def answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        body = self.files[name]
        etag = f'"{sha256(body).hexdigest()[:8]}"'
        is_known = request.headers.get("If-None-Match") == etag
        self.asked.append((name, 304 if is_known else 200))
        if is_known:
            return web.Response(status=304)
        return web.Response(body=body, headers={"ETag": etag})


@pytest.fixture
async def file_server() -> AsyncIterator[FileServer]:
    """Two courses and the run of one, on a free port."""
    server = FileServer()
    server.write("courses.json", [{"id": 1, "title": "Barista"}, {"id": 2, "title": "Las"}])
    server.write("runs.json", [{"id": 1, "run": "a", "price": 1_000}])
    app = web.Application()
    app.router.add_get("/{name}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()
