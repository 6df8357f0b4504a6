"""Unit tests open no socket: what needs one belongs to tests/integration or tests/contract."""

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def no_sockets():
    """Refuse network sockets; an event loop's own pair of unix sockets is allowed."""
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()
