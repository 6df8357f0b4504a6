"""`python -m gateway.bench.speed.alone MODULE:FACTORY`: one application under the gateway's server.

The same server, protocol class, options and number of processes as `mitra serve` has.
"""

import logging
import sys

import uvicorn

from gateway.settings import Settings
from gateway.telemetry import configure_logging
from gateway.web.server.options import server_options

if __name__ == "__main__":
    settings = Settings()
    configure_logging("json", level=logging.ERROR)
    uvicorn.run(sys.argv[1], factory=True, workers=settings.workers, **server_options(settings))
