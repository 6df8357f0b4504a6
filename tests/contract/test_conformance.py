"""Every adapter that the registry finds does what every adapter must (`adapters/testing.py`)."""

from pathlib import Path

import pytest

from adapters.registry import broken_adapters, installed
from adapters.testing import checks_for, load_cases

CASES = load_cases(Path(__file__).parent / "payloads")

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("case", "check"),
    [
        pytest.param(case, check, id=f"{case.name}-{check.__name__}")
        for case in CASES
        if case.adapter in installed().kinds
        for check in checks_for(case)
    ],
)
async def test_adapter(case, check):
    await check(case)


def test_no_installed_adapter_is_broken():
    assert dict(broken_adapters()) == {}


@pytest.mark.parametrize("adapter_id", sorted(installed().kinds))
def test_every_adapter_has_a_recorded_case(adapter_id):
    assert adapter_id in {case.adapter for case in CASES}, (
        f"record its first page in tests/contract/payloads/{adapter_id} (adapters/testing.py)"
    )
