"""How uvicorn is run, whatever it serves: the gateway, and what benchmarks compare it with."""

from typing import Any

from gateway.settings import Settings
from gateway.web.server import PROTOCOL
from gateway.web.streams.socket import MOST_MESSAGE_BYTES

FINISH_SECONDS = 10  # for requests under way once the server has stopped listening


def server_options(settings: Settings) -> dict[str, Any]:
    """Return what uvicorn is told beside the application and the number of its processes."""
    return {
        "host": settings.host,
        "port": settings.port,
        "log_level": "warning",
        "log_config": None,  # its lines go where all go: ours keep personal data out
        "access_log": False,
        "server_header": False,
        "forwarded_allow_ips": list(settings.trusted_proxies),
        "timeout_keep_alive": settings.idle_seconds,
        "timeout_graceful_shutdown": FINISH_SECONDS,
        "http": PROTOCOL,
        "ws_max_size": MOST_MESSAGE_BYTES,
        "ws_per_message_deflate": False,  # it costs each open socket more than its messages are
    }
