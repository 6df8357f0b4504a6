"""The command line says in a sentence what is in the way, and what to do."""

import socket

import pytest

from tests.e2e.conftest import Mitra
from tests.processes import forked, started
from tests.servers import free_port


@pytest.fixture
def alone(tmp_path) -> Mitra:
    """A data directory in which nothing runs."""
    return Mitra(tmp_path, free_port(), launch=forked)


def test_a_taken_port_is_named_with_the_setting(alone):
    alone.launch = started  # one mistake as a person makes it, with nothing prepared
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", alone.port))
        taken.listen()
        said = alone.command("serve", fails=True)

    assert said == (
        f"mitra: cannot listen on 127.0.0.1:{alone.port} (Address already in use); "
        "choose another with MITRA_PORT\n"
    )


def test_a_database_that_is_away_is_said_without_its_password(alone):
    alone.environment["MITRA_DATABASE_URL"] = "postgresql://mitra:hunter2@127.0.0.1:1/mitra"

    said = alone.command("serve", fails=True)

    assert "the database does not answer" in said
    assert "hunter2" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("environment", "command", "said"),
    [
        ({"MITRA_PARTNERS": "/absent.toml"}, ["sync"], "/absent.toml: cannot be read"),
        ({"MITRA_PORT": "many"}, ["serve"], "MITRA_PORT: Input should be a valid integer"),
        ({"MITRA_PROFILE": "production"}, ["sync"], "no partners here: set MITRA_PARTNERS"),
        ({}, ["sync", "nobody"], "'nobody' is not a partner"),
        ({}, ["token", "--subject", ""], "a subject is 1 to 255 printable characters"),
        ({}, ["sandbox", "down", "tokopedia"], "mitra sandbox run"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_named(alone, environment, command, said):
    alone.environment.update(environment)

    printed = alone.command(*command, fails=True)

    assert said in printed
    assert "Traceback" not in printed
