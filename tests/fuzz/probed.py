"""A gateway that also watches its event loop: each time that it was blocked is a line of a file.

`MITRA_FUZZ_LAGS` names the file.  Blocked is the least of how late a timer came and how much
processor time the loop's thread used until then, so that a busy machine is not taken for a fault.
"""

import asyncio
import json
import os
import time
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import asgi
from gateway.serve import serve
from gateway.settings import Settings

LAGS = "MITRA_FUZZ_LAGS"
STEP_SECONDS = 0.005
TOLD_SECONDS = 0.02


async def watch(file: Path) -> None:
    """Write down when the loop was blocked, and for how long."""
    loop = asyncio.get_running_loop()
    while True:
        due, used = loop.time() + STEP_SECONDS, time.thread_time()
        await asyncio.sleep(STEP_SECONDS)
        late, busy = loop.time() - due, time.thread_time() - used
        if (blocked := min(late, busy)) > TOLD_SECONDS:
            with file.open("a") as lines:
                lines.write(json.dumps({"blocked": blocked}) + "\n")


def watched(app: ASGIApp, file: Path) -> ASGIApp:
    """Return `app`, whose loop is watched while it is served."""

    async def serving(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        watching = asyncio.create_task(watch(file))
        try:
            await app(scope, receive, send)
        finally:
            watching.cancel()

    return serving


if __name__ == "__main__":
    create_app = asgi.create_app_from_environment
    asgi.create_app_from_environment = lambda: watched(create_app(), Path(os.environ[LAGS]))
    serve(Settings())
