"""`sandbox.json`: what is kept, and what a reader is told when it cannot be."""

import pytest

from adapters.sandbox.control import SandboxControlError, take_down
from adapters.sandbox.secrets import SANDBOX_PARTNERS, SECRET_NAMES, fresh_secrets
from adapters.sandbox.state import (
    STATE_FILE,
    SandboxPartner,
    SandboxState,
    SandboxStateError,
    read_state,
    write_state,
)
from schema.model.values import PartnerCode

TOKOPEDIA = PartnerCode("tokopedia")
STATE = SandboxState(
    control="http://127.0.0.1:4000",
    control_token="control-secret",
    partners={
        TOKOPEDIA: SandboxPartner("http://127.0.0.1:4001", {"client_secret": "partner-secret"})
    },
)


def test_what_is_written_is_read(tmp_path):
    write_state(tmp_path / "new" / "directory", STATE)

    assert read_state(tmp_path / "new" / "directory") == STATE


def test_a_directory_without_a_sandbox_has_no_state(tmp_path):
    assert read_state(tmp_path) is None


def test_only_the_owner_may_read_the_file_and_nothing_else_is_left(tmp_path):
    write_state(tmp_path, STATE)
    write_state(tmp_path, STATE)

    assert [path.name for path in tmp_path.iterdir()] == [STATE_FILE]
    assert (tmp_path / STATE_FILE).stat().st_mode & 0o777 == 0o600


def test_secrets_are_not_shown():
    shown = repr(STATE)

    assert "4001" in shown
    assert "partner-secret" not in shown
    assert "control-secret" not in shown


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"control": "x", "control_token": "y"}'])
def test_a_damaged_file_says_what_to_do(tmp_path, text):
    (tmp_path / STATE_FILE).write_text(text)

    with pytest.raises(SandboxStateError, match="delete it, then start the sandbox again"):
        read_state(tmp_path)


def test_control_without_a_sandbox_says_how_to_start_one(tmp_path):
    with pytest.raises(SandboxControlError, match="start it with `mitra sandbox run`"):
        take_down(tmp_path, TOKOPEDIA)


def test_every_partner_has_secrets_and_each_drawing_is_different():
    for code in SANDBOX_PARTNERS:
        first, second = fresh_secrets(code), fresh_secrets(code)

        assert tuple(first) == SECRET_NAMES[code] != ()
        assert not set(first.values()) & set(second.values())
