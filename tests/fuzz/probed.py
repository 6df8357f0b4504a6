"""A gateway that also watches its event loop: each time that it was blocked is a line of a file.

`MITRA_FUZZ_LAGS` names the file.  Blocked is the least of how late a timer came and how much
processor time the loop's thread used until then, so that a busy machine is not taken for a fault.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

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


def watched(create_app: Any) -> Any:
    """Return `create_app` for applications whose loop is watched while they serve."""

    def create(*arguments: Any, **options: Any) -> Any:
        app = create_app(*arguments, **options)
        lifespan = app.router.lifespan_context

        @asynccontextmanager
        async def watching(served: Any) -> AsyncIterator[Any]:
            async with lifespan(served) as state:
                task = asyncio.create_task(watch(Path(os.environ[LAGS])))
                yield state
                task.cancel()

        app.router.lifespan_context = watching
        return app

    return create


if __name__ == "__main__":
    asgi.create_app = watched(asgi.create_app)
    serve(Settings())
