"""What tests of the settings share."""

import pytest

from gateway.settings import Settings


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no setting come from the environment of whoever runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MITRA_{name.upper()}", raising=False)
