"""Fixtures that every kind of test may use."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
import structlog
from hypothesis import settings

from gateway import collecting
from tests.databases import PostgresTemplates, SqliteTemplates
from tests.scratch import use_memory
from tests.servers import running_postgres, running_redis

settings.register_profile("mitra", deadline=None)  # a busy machine is not a fault
settings.load_profile("mitra")


def pytest_configure() -> None:
    """Have temporary files in memory before anything makes one, and logs that can be captured."""
    use_memory()
    structlog.configure = partial(_configure_afresh, structlog.configure)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Never look for garbage among ten thousand tests and all that is imported: it stays."""
    with collecting.paused():
        collected = yield
    collecting.keep()
    return collected


def _configure_afresh(configure: Callable[..., None], **options: Any) -> None:
    """Configure loggers that follow the next test's configuration, too."""
    configure(**{**options, "cache_logger_on_first_use": False})


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Put back how logs are told: a command that is run in this process has its own level."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio, as the product does."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL server, one per test process; its URL has no database."""
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_templates(postgres_server: str) -> Iterator[PostgresTemplates]:
    """What makes databases on a real server."""
    with closing(PostgresTemplates(postgres_server)) as templates:
        yield templates


@pytest.fixture
def postgres_url(postgres_templates: PostgresTemplates) -> Iterator[str]:
    """The URL of a fresh database without tables on a real server."""
    url = postgres_templates.create()
    yield url
    postgres_templates.drop(url)


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplates:
    """What makes databases in files."""
    return SqliteTemplates(tmp_path_factory.mktemp("templates"))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """A real Redis server, one per test process."""
    with running_redis() as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of a real, empty Redis."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of really published catalogues, which are not ours to distribute."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the published catalogues are not on this machine (shared/data)")
    return folder
